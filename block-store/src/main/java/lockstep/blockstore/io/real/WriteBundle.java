package lockstep.blockstore.io.real;

import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The writes that one thread copies, begins and waits for. If it does not come back from beginning
/// one, another thread waits meanwhile for what has begun.
final class WriteBundle {
    /// Extents, at most.
    static final int RANGES = 8 * WriteQueue.MOST;

    /// Bytes, at most.
    static final int BYTES = 2 * StagedTransfers.PIECE;

    // A disk that takes so long to begin a write is not worth waiting for.
    private static final long SLOW_NANOS = 5_000_000;

    // What has ended waits so long for the rest: telling all is one task.
    private static final long TOGETHER_NANOS = 10_000_000;

    private final DiskWrites of;
    private final EventLoop loop;
    private final long beginNanos;
    private final List<DiskWrite> writes = new ArrayList<>();
    private final List<DiskWrite> owners = new ArrayList<>();
    private int ranges;
    private int bytes;
    private @Nullable WriteLane queue;
    private volatile @Nullable DiskWrite beginning;
    private volatile boolean allBegun;
    private boolean isHelped;

    /// Within `beginNanos` all is begun, or goes to other threads.
    WriteBundle(DiskWrites of, EventLoop loop, long beginNanos) {
        this.of = of;
        this.loop = loop;
        this.beginNanos = beginNanos;
    }

    boolean hasRoomFor(DiskWrite write) {
        return ranges + write.extents.size() <= RANGES && bytes + write.bytes <= BYTES;
    }

    void add(DiskWrite write) {
        writes.add(write);
        ranges += write.extents.size();
        bytes += write.bytes;
    }

    void run() {
        DiskWrites.Lane lane = of.lane();
        if (lane == null) {
            allBegun = true;
            leaveAll();
            return;
        }
        queue = lane.queue();
        ByteBuffer memory = lane.memory().clear();
        for (DiskWrite write : writes) {
            if (write.take()) {
                beginning = write;
                begin(write, lane.queue(), memory);
                beginning = null;
            }
        }
        allBegun = true;
        if (awaitAll(lane.queue())) {
            of.giveBack(lane);
        }
    }

    private void begin(DiskWrite write, WriteLane queue, ByteBuffer memory) {
        if (!write.file.enter()) {
            write.goAlone();
            return;
        }
        long from = MemorySegment.ofBuffer(memory).address();
        try {
            for (Extent extent : write.extents) {
                for (ByteBuffer buffer : extent.buffers()) {
                    StagedTransfers.copy(write.operation, buffer.duplicate(), memory);
                }
            }
        } catch (IOException _) {
            // Given up: nobody waits for it.
            write.file.leave();
            return;
        }
        int first = owners.size();
        int count = write.lengths.length;
        synchronized (this) {
            for (int i = 0; i < count; i++) {
                int length = write.lengths[i];
                long offset = write.extents.get(i).offset();
                queue.set(first + i, write.file.descriptor(), from, length, offset);
                owners.add(write);
                from += length;
            }
            write.left = count;
        }
        long sinceNanos = System.nanoTime();
        int begun = queue.begin(first, count);
        beginning = null;
        if (System.nanoTime() - sinceNanos > SLOW_NANOS) {
            write.file.isSlow();
        }
        if (begun < count) {
            refused(write, count - begun);
        }
    }

    private synchronized void refused(DiskWrite write, int notBegun) {
        write.spoiled = true;
        write.left -= notBegun;
        if (write.left == 0) {
            over(write);
        }
    }

    // Whether all of it is written; if not, it begins anew.
    private static boolean over(DiskWrite write) {
        write.file.leave();
        if (write.spoiled) {
            write.goAlone();
        }
        return !write.spoiled;
    }

    // Whether the lane is of further use.
    private synchronized boolean awaitAll(WriteLane queue) {
        long patience = TOGETHER_NANOS;
        for (int left = left(); left > 0; left = left()) {
            int told = queue.await(patience == 0 ? 1 : left, patience);
            if (told < 0) {
                lost(queue);
                return false;
            }
            patience = 0;
            ended(queue, told);
        }
        return true;
    }

    private int left() {
        int left = 0;
        for (DiskWrite write : writes) {
            left += write.left;
        }
        return left;
    }

    private void ended(WriteLane queue, int told) {
        List<DiskWrite> whole = new ArrayList<>();
        for (int i = 0; i < told; i++) {
            DiskWrite write = owners.get(queue.number(i));
            write.spoiled |= !queue.isWhole(i);
            write.left--;
            if (write.left == 0 && over(write)) {
                whole.add(write);
            }
        }
        if (!whole.isEmpty()) {
            loop.execute(() -> whole.forEach(DiskWrite::tell));
        }
    }

    // Closed, it has nothing any more.
    private void lost(WriteLane queue) {
        queue.close();
        for (DiskWrite write : writes) {
            if (write.left > 0) {
                write.left = 0;
                write.spoiled = true;
                over(write);
            }
        }
    }

    void lookLater() {
        var _ = loop.clock().schedule(beginNanos, this::look);
    }

    // On the loop, until all is begun.
    private void look() {
        if (allBegun) {
            return;
        }
        DiskWrite stuck = beginning;
        if (stuck != null) {
            stuck.file.isSlow();
            isHelped = isHelped || of.start(this::help);
        }
        leaveAll();
        lookLater();
    }

    // Until the other thread comes back, which then waits for the rest, and for nobody but this
    // one's last look.
    private void help() {
        boolean goesOn = true;
        while (goesOn) {
            goesOn = awaitSome();
        }
    }

    private synchronized boolean awaitSome() {
        WriteLane lane = queue;
        if (lane == null || beginning == null) {
            return false;
        }
        int told = lane.await(1, TOGETHER_NANOS);
        ended(lane, Math.max(0, told));
        return told >= 0;
    }

    /// What nobody has begun the disks' own threads do.
    void leaveAll() {
        for (DiskWrite write : writes) {
            if (write.take()) {
                write.goAlone();
            }
        }
    }
}
