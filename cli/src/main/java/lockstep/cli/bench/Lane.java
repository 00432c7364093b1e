package lockstep.cli.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One session under load: `depth` slots, each with its task and buffer, each sent again as soon as
/// it ended, so that a steady load allocates nothing. Only its session's loop touches it, until
/// [#done] has ended.
///
/// At a given rate a command counts from when it was due, not from when a slot was free for it: a
/// target that stalls is charged for all that should have come meanwhile. A slot whose command was
/// refused rests for a moment, as hosts do: a target that says BUSY is not to be kept busy by that.
final class Lane {
    private static final int SECTOR = 512;
    private static final long HIGHEST_NANOS = 60_000_000_000L;
    private static final int REFUSED_REST_MILLIS = 10;

    private final IscsiSession session;
    private final int lun;
    private final BenchOptions options;
    private final long blocks;
    private final long intervalNanos;
    private final SplittableRandom random;
    private final Histogram readNanos = new Histogram(HIGHEST_NANOS, 3);
    private final Histogram writeNanos = new Histogram(HIGHEST_NANOS, 3);
    private final CompletableFuture<Lane> done = new CompletableFuture<>();
    private long measureFrom;
    private long measureUntil;
    private long dueNanos;
    private long next;
    private int running;
    private long failed;
    private @Nullable String firstFailure;

    /// A load on `blocks` blocks of the LUN, a command every `intervalNanos` unless that is 0.
    Lane(
            IscsiSession session,
            int lun,
            BenchOptions options,
            long blocks,
            long intervalNanos,
            long seed) {
        this.session = session;
        this.lun = lun;
        this.options = options;
        this.blocks = blocks;
        this.intervalNanos = intervalNanos;
        random = new SplittableRandom(seed);
        next = options.sequential() ? random.nextLong(blocks) : 0;
    }

    private static final class Slot {
        private final ScsiTask task = new ScsiTask();
        private final ByteBuf buffer;
        private long startedNanos;
        private boolean read;

        Slot(ByteBuf buffer) {
            this.buffer = buffer;
        }
    }

    CompletableFuture<Lane> start(long fromNanos, long untilNanos) {
        measureFrom = fromNanos;
        measureUntil = untilNanos;
        session.loop().execute(this::startSlots);
        return done;
    }

    Histogram readNanos() {
        return readNanos;
    }

    Histogram writeNanos() {
        return writeNanos;
    }

    long failed() {
        return failed;
    }

    @Nullable String firstFailure() {
        return firstFailure;
    }

    private void startSlots() {
        byte[] content = new byte[options.blockSize()];
        random.nextBytes(content);
        running = options.depth();
        dueNanos = System.nanoTime();
        for (int i = 0; i < options.depth(); i++) {
            ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(content.length);
            buffer.setBytes(0, content);
            Slot slot = new Slot(buffer);
            slot.task.whenEnded((_, result) -> ended(slot, result));
            send(slot);
        }
    }

    private void send(Slot slot) {
        long now = System.nanoTime();
        slot.startedNanos = intervalNanos == 0 ? now : dueNanos;
        dueNanos += intervalNanos;
        long early = slot.startedNanos - now;
        if (early > 0) {
            session.loop().schedule(() -> sendNow(slot), early, TimeUnit.NANOSECONDS);
        } else {
            sendNow(slot);
        }
    }

    private void sendNow(Slot slot) {
        int percent = options.readPercent();
        slot.read = percent == 100 || (percent > 0 && random.nextInt(100) < percent);
        long block = options.sequential() ? next++ % blocks : random.nextLong(blocks);
        int sectors = options.blockSize() / SECTOR;
        long lba = block * sectors;
        session.submit(
                slot.read
                        ? Cdb.read16(slot.task, lun, lba, sectors, slot.buffer)
                        : Cdb.write16(slot.task, lun, lba, sectors, slot.buffer));
    }

    private void ended(Slot slot, CommandResult result) {
        long now = System.nanoTime();
        boolean over = now - measureUntil >= 0;
        if (!result.isGood()) {
            failed++;
            if (firstFailure == null) {
                firstFailure = result.toString();
            }
            over = over || !(result instanceof CommandResult.Answered);
        } else if (slot.startedNanos - measureFrom >= 0 && !over) {
            long nanos = Math.min(now - slot.startedNanos, HIGHEST_NANOS);
            (slot.read ? readNanos : writeNanos).recordValue(nanos);
        }
        if (over) {
            slot.buffer.release();
            if (--running == 0) {
                done.complete(this);
            }
        } else if (result.isGood()) {
            send(slot);
        } else {
            session.loop().schedule(() -> send(slot), REFUSED_REST_MILLIS, TimeUnit.MILLISECONDS);
        }
    }
}
