package lockstep.replication.role;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockRescue;
import lockstep.blockstore.block.OtherCopy;
import lockstep.blockstore.io.Clock;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The two copies of a volume help each other out with blocks that one has lost, whatever their
/// roles are: the same VBN is the same block in both, and what an answer is worth the pointer of
/// who asked tells. What is answered comes from this copy's own disks alone, so two copies that
/// have both lost a block never wait for each other.
///
/// Few requests are under way at a time, some more wait, and each ends within [#WAIT_NANOS],
/// whatever the partner does; without a link none begins. Who needs the block later asks again.
final class BlockExchange implements OtherCopy {
    /// Blocks asked for at a time, and read for the partner at a time.
    static final int AT_ONCE = 8;

    /// A host's read waits so long.
    static final long WAIT_NANOS = 2_000_000_000L;

    private static final int WAITING_MAX = 1024;
    private static final int TOLD_MAX = 20;
    private static final long TOLD_NANOS = 60_000_000_000L;

    private final Replica replica;
    private final ArrayDeque<Request> waiting = new ArrayDeque<>();
    private final Map<Long, Request> asked = new LinkedHashMap<>();
    private long lastRequest;
    private int reading;
    private int told;
    private long toldSinceNanos;

    BlockExchange(Replica replica) {
        this.replica = replica;
    }

    /// A block that is waited for.
    private final class Request {
        final long number;
        final BlockPointer pointer;
        final Fetched done;
        final Clock.Timer timer;

        Request(long number, BlockPointer pointer, Fetched done) {
            this.number = number;
            this.pointer = pointer;
            this.done = done;
            this.timer = clock().schedule(WAIT_NANOS, () -> end(this, null));
        }
    }

    private Clock clock() {
        return replica.copy().loop().clock();
    }

    @Override
    public void fetch(BlockPointer pointer, Fetched done) {
        if (!speaks(replica.link()) || waiting.size() == WAITING_MAX) {
            done.ended(null);
            return;
        }
        lastRequest++;
        waiting.add(new Request(lastRequest, pointer, done));
        askNext();
    }

    private static boolean speaks(@Nullable PeerLink link) {
        return link != null && link.speaks(ProtocolVersion.V4);
    }

    private void askNext() {
        while (asked.size() < AT_ONCE && !waiting.isEmpty()) {
            Request next = waiting.remove();
            asked.put(next.number, next);
            BlockPointer wanted = next.pointer;
            replica.send(
                    new VolumeMessage.BlockWanted(
                            next.number,
                            wanted.vbn(),
                            wanted.crc(),
                            wanted.birthEpoch(),
                            wanted.birthCount()));
        }
    }

    private void end(Request request, @Nullable ByteBuffer content) {
        if (asked.remove(request.number) != null || waiting.remove(request)) {
            request.timer.cancel();
            request.done.ended(content);
            askNext();
        }
    }

    /// Whether `message` is about blocks that are lost, and so was taken.
    boolean took(VolumeMessage message) {
        if (message instanceof VolumeMessage.BlockWanted wanted) {
            wanted(wanted);
            return true;
        }
        if (message instanceof VolumeMessage.BlockHeld held) {
            held(held);
            return true;
        }
        return false;
    }

    /// The partner's answer. One that comes too late is nobody's any more.
    private void held(VolumeMessage.BlockHeld m) {
        Request request = asked.get(m.request());
        if (request != null) {
            boolean here = m.content().hasRemaining();
            end(request, here ? ByteBuffer.allocate(Blocks.SIZE).put(m.content()).flip() : null);
        }
    }

    /// The link is lost: what was asked for cannot be had now.
    void linkLost() {
        List<Request> over = new ArrayList<>(asked.values());
        over.addAll(waiting);
        asked.clear();
        waiting.clear();
        for (Request request : over) {
            request.timer.cancel();
            request.done.ended(null);
        }
    }

    /// The partner has lost a block.
    private void wanted(VolumeMessage.BlockWanted m) {
        PeerLink asking = replica.link();
        if (asking == null) {
            return;
        }
        BlockPointer wanted = new BlockPointer(m.vbn(), m.crc(), m.birthEpoch(), m.birthCount());
        if (!wanted.isAllocated() || reading == AT_ONCE || !isInOrder()) {
            replica.send(new VolumeMessage.BlockHeld(m.request(), ByteBuffer.allocate(0)));
            return;
        }
        reading++;
        ByteBuffer content = ByteBuffer.allocate(Blocks.SIZE);
        replica.copy()
                .space()
                .readHeld(wanted, content, readable -> answer(asking, m, content, readable));
    }

    private void answer(
            PeerLink asking, VolumeMessage.BlockWanted m, ByteBuffer content, boolean readable) {
        reading--;
        content.clear().limit(readable ? Blocks.SIZE : 0);
        if (asking.equals(replica.link())) {
            replica.copy().rescue().gave(readable ? 1 : 0);
            replica.send(new VolumeMessage.BlockHeld(m.request(), content));
        }
    }

    /// Whether what a crash or a change of role left behind is in order.
    private boolean isInOrder() {
        return switch (replica.status().state()) {
            case OPENING, TAKING_OVER, STOPPED -> false;
            case STANDALONE,
                    JOINING,
                    IN_SYNC,
                    RESYNCING,
                    ALONE,
                    SUSPENDED,
                    HANDING_OVER,
                    DIVERGED,
                    MIRRORING,
                    WAITING ->
                    true;
        };
    }

    @Override
    public void healed(BlockPointer pointer, int tree, String place) {
        long nowNanos = clock().nanoTime();
        if (told > 0 && nowNanos - toldSinceNanos >= TOLD_NANOS) {
            told = 0;
        }
        if (told == 0) {
            toldSinceNanos = nowNanos;
        }
        told++;
        if (told <= TOLD_MAX) {
            String of = tree == BlockRescue.SOME_TREE ? "" : " of LUN " + tree;
            replica.tell(
                    "made good from the partner: VBN "
                            + pointer.vbn()
                            + of
                            + " ("
                            + place
                            + "), which no disk here could give");
        }
    }
}
