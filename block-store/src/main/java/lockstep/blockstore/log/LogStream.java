package lockstep.blockstore.log;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.ChainId;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// One volume's log on this node: of the volume itself or of the copy that this node holds; both
/// look the same. It is opened by [#replay], also when it is new, and is then appended to, half by
/// half.
public final class LogStream {
    /// Hears what became of appended entries, on the loop, once per commit.
    public interface Listener {
        /// Everything up to `upTo` is durable.
        void durable(Position upTo);

        /// The log device is out. What was not reported durable never will be, nor anything that is
        /// appended from now on.
        void failed(IoFault fault);
    }

    /// Takes replayed entries in order.
    public interface EntryHandler {
        /// `borrowed` and its buffers are lent for the call.
        void entry(long half, LogEntry borrowed);
    }

    /// Takes the end of a replay.
    public interface ReplayEnd {
        /// If `verdict` does not say [LogVerdict#replays], nothing was delivered. `last` is the
        /// last entry delivered ([Position#NONE] if none); only halves above `highestHalf` may be
        /// appended to.
        void ended(LogVerdict verdict, Position last, long highestHalf);
    }

    private static final Listener NOBODY =
            new Listener() {
                @Override
                public void durable(Position upTo) {}

                @Override
                public void failed(IoFault fault) {}
            };

    private final NvLog log;
    private final VolumeId volume;
    private final ByteBuffer head =
            ByteBuffer.allocate(EntryCodec.HEAD_BYTES + EntryCodec.MAX_KEY_BYTES);
    private final TreeMap<Long, LogHalf> halves = new TreeMap<>();
    private final Batches batches;
    private Listener listener = NOBODY;
    private Mark last = Mark.NONE;
    private Mark settled = Mark.NONE;
    private @Nullable Position untold;
    private boolean patient;
    private long lowestHalf;
    private long guaranteedBytes;
    private boolean usable;
    private boolean replaying;
    private @Nullable Runnable whenIdle;

    LogStream(NvLog log, VolumeId volume) {
        this.log = log;
        this.volume = volume;
        this.batches = new Batches(log);
    }

    /// Who hears of commits from now on.
    public void listen(Listener newListener) {
        listener = newListener;
        patient = false;
    }

    /// The same, where one commit at a time will do: they are fewer and larger.
    public void listenPatiently(Listener newListener) {
        listener = newListener;
        patient = true;
    }

    /// Whether it waits until no commit is under way.
    boolean isPatient() {
        return patient;
    }

    /// Nobody hears of them any more, and nothing of the log and of its memory is kept for them.
    public void listenNoMore() {
        guaranteedBytes = 0;
        listen(NOBODY);
        log.staging().trim();
    }

    /// Whose log this is.
    public VolumeId volume() {
        return volume;
    }

    /// Which log this is part of: a number that no other log has.
    public long logId() {
        return log.id();
    }

    /// Why nothing is made durable any more; null while all is well.
    public @Nullable IoFault fault() {
        return log.fault();
    }

    /// Delivers what halves from `floorHalf` on hold. Earlier halves are void: their segments
    /// return to the pool. Entries that a later [LogEntry.EpochOpened] voids are left out. Call it
    /// once, before anything else.
    public void replay(long floorHalf, EntryHandler handler, ReplayEnd end) {
        Check.that(!usable && !replaying, "a stream is replayed once");
        replaying = true;
        new LogReplay(log, this, floorHalf, handler, end).start();
    }

    /// Reads this stream back from the device: what was appended and not released can be replayed
    /// again once `ready` is called, when nothing is under way any more. Nothing is appended until
    /// that replay has ended.
    public void rewind(Runnable ready) {
        if (!batches.isEmpty()) {
            whenIdle = () -> rewind(ready);
            return;
        }
        List<NvLog.FoundSegment> live = new ArrayList<>();
        for (LogHalf half : halves.values()) {
            for (int i = 0; i < half.segments().size(); i++) {
                SegmentHeader header = new SegmentHeader(log.id(), half.chain(), i);
                live.add(new NvLog.FoundSegment(half.segments().get(i), header));
            }
        }
        log.found(volume, live);
        halves.clear();
        usable = false;
        ready.run();
    }

    // What the replay found: live halves with their segments, and where to go on.
    void replayed(Map<Long, LogHalf> found, Mark lastFound, long firstFreeHalf) {
        halves.putAll(found);
        last = lastFound;
        settled = lastFound;
        lowestHalf = firstFreeHalf;
        usable = true;
        replaying = false;
    }

    void replayRefused() {
        replaying = false;
    }

    /// Adds `borrowed` to half `half` and to the next commit; its bytes are copied here, and where
    /// its data stand is told, if that is one place and worth being held. Positions grow, halves do
    /// not go back, and [#roomFor] was asked in the same task.
    public @Nullable Appended append(long half, LogEntry borrowed) {
        Check.that(usable, "a stream is replayed before it is appended to");
        Check.that(half >= lowestHalf, "halves do not go back", half, lowestHalf);
        Check.that(borrowed.position().compareTo(last.position()) > 0, "positions grow");
        if (log.fault() != null) {
            return null;
        }
        LogHalf current = half(half);
        EntryCodec.encodeHead(borrowed, head.clear());
        batches.put(current, head.flip(), last);
        Appended data = batches.put(current, EntryCodec.data(borrowed), last);
        last = new Mark(half, borrowed.position());
        batches.endEntry(last);
        log.commits().join(this);
        return data;
    }

    private LogHalf half(long number) {
        LogHalf current = halves.get(number);
        if (current == null) {
            batches.close();
            current = new LogHalf(new ChainId(volume, number, log.newNonce()));
            halves.put(number, current);
        }
        lowestHalf = number;
        return current;
    }

    /// Whether an entry of `bytes` ([EntryCodec#encodedLength]) can be appended to `half` now.
    public boolean roomFor(long half, long bytes) {
        int segmentBytes = log.pool().segmentBytes();
        LogHalf current = halves.get(half);
        Batch open = batches.openOf(current);
        long left = 0;
        if (open != null) {
            left = open.roomBytes();
        } else if (current != null && !current.isFull(segmentBytes)) {
            left = (long) segmentBytes - current.cursor() - LogFormat.BATCH_HEADER_BYTES;
        }
        // Mostly there is room in what this stream has, and nobody else has to be asked.
        return bytes <= left || bytes <= left + freeBytes();
    }

    /// Bytes of entries that surely still fit into segments that are kept for no other stream.
    public long freeBytes() {
        return Math.max(0, log.freeBytes() - log.keptForOthers(this));
    }

    /// So many bytes of the log are this stream's, whatever the others need.
    public void guarantee(long bytes) {
        guaranteedBytes = bytes;
    }

    /// What of its guarantee it does not use.
    long unusedGuarantee() {
        return Math.max(0, guaranteedBytes - heldBytes());
    }

    /// Bytes of the segments that it holds.
    public long heldBytes() {
        long segments = 0;
        for (LogHalf half : halves.values()) {
            segments += half.segments().size();
        }
        return segments * log.pool().segmentBytes();
    }

    /// Bytes of one segment.
    public int segmentBytes() {
        return log.pool().segmentBytes();
    }

    /// Bytes of all segments, whosever they are.
    public long capacityBytes() {
        return log.capacityBytes();
    }

    /// Bytes on the device that half `half` takes.
    public long bytes(long half) {
        LogHalf found = halves.get(half);
        Batch open = batches.openOf(found);
        long unsealed = open == null ? 0 : open.paddedBytes();
        return found == null ? 0 : found.bytes() + unsealed;
    }

    /// The halves up to `upToHalf` are not needed any more, because something durable outside the
    /// log voids them: a later [#replay] will be given a higher floor.
    public void release(long upToHalf) {
        for (LogHalf half : halves.headMap(upToHalf, true).values()) {
            half.release();
        }
        lowestHalf = Math.max(lowestHalf, upToHalf + 1);
        reclaim();
    }

    private void reclaim() {
        halves.values().removeIf(this::reclaimed);
    }

    private boolean reclaimed(LogHalf half) {
        if (!half.isReclaimable()) {
            return false;
        }
        half.segments().forEach(log.pool()::give);
        return true;
    }

    /// Voids everything in this stream, durably when `done` is called. Nothing of it is reported
    /// durable any more; halves from `newFloor` on may be used at once, whatever their numbers held
    /// before. Also the way out after a replay that was refused. A crash before `done` may leave
    /// any part of it, so the caller notes durably, first, that this copy is void.
    public void dropAll(long newFloor, IoCompletion done) {
        Check.that(!replaying, "a stream is not dropped while it is replayed");
        batches.dropAll();
        List<Integer> segments = new ArrayList<>();
        for (Map.Entry<Long, LogHalf> half : halves.entrySet()) {
            segments.addAll(half.getValue().segments());
        }
        halves.clear();
        segments.addAll(log.takeFound(volume));
        last = Mark.NONE;
        settled = Mark.NONE;
        untold = null;
        lowestHalf = newFloor;
        usable = true;
        log.commits().erase(segments, done);
    }

    // The commit takes what is pending: adds what is to be written, answers how many entries.
    int seal(List<Extent> extents) {
        return batches.seal(extents, settled);
    }

    // The oldest commit is durable. Listeners are told later, when every stream's state is right.
    void settle() {
        Mark newest = batches.lastOfOldest();
        if (newest != null) {
            settled = newest;
            untold = newest.position();
        }
        drop();
        reclaim();
    }

    void tellDurable() {
        Position upTo = untold;
        if (upTo != null) {
            untold = null;
            listener.durable(upTo);
        }
    }

    // The oldest commit has ended.
    void drop() {
        batches.endOldest();
        Runnable idle = whenIdle;
        if (idle != null) {
            whenIdle = null;
            log.loop().execute(idle);
        }
    }

    // The commit that waits will never be made.
    void dropPending() {
        batches.dropPending();
    }

    void tellFailed(IoFault fault) {
        listener.failed(fault);
    }
}
