package lockstep.cli.verify;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.Sense;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One writer on one session: random stamped writes of random length, `depth` at a time, with the
/// intent and the end of each told to a recorder; a share of the commands reads and checks at once.
/// Several writers may share sectors and a recorder. It ends when told, or when its session does;
/// going on over a new session takes a new workload with the same recorder.
public final class StampedWorkload {
    private static final int NOT_READY = 2;
    private static final int UNIT_ATTENTION = 6;
    private static final int NO_SPACE_KEY = 7;
    private static final long RETRY_MILLIS = 20;

    /// What one writer does. `writer` names it in its stamps; it uses the recorder's sectors from
    /// `firstSector` on, `sectors` of them; a command covers 1..`maxSectors`.
    public record Plan(
            int lun,
            int writer,
            int firstSector,
            int sectors,
            int maxSectors,
            int depth,
            int readPercent,
            long seed) {}

    /// What a writer saw. `wrongReads` counts sectors that a read returned against invariant 2;
    /// `refused` counts commands answered with BUSY or NOT READY.
    public record Result(
            long writes,
            long reads,
            long refused,
            long failed,
            long wrongReads,
            String firstWrong) {}

    private final Recorder recorder;
    private final IscsiSession session;
    private final Plan plan;
    private final SplittableRandom random;
    private final CompletableFuture<Result> done = new CompletableFuture<>();
    private boolean stopping;
    private int running;
    private long writes;
    private long reads;
    private long refused;
    private long failed;
    private long wrongReads;
    private String firstWrong = "";

    /// A writer that is not yet started.
    public StampedWorkload(Recorder recorder, IscsiSession session, Plan plan) {
        this.recorder = recorder;
        this.session = session;
        this.plan = plan;
        random = new SplittableRandom(plan.seed());
    }

    private final class Slot {
        private final ScsiTask task = new ScsiTask();
        private final ByteBuf buffer =
                PooledByteBufAllocator.DEFAULT.directBuffer(plan.maxSectors() * Stamp.SIZE);
        private final Recorder.Reading reading = recorder.reading(plan.maxSectors());
        private boolean read;
        private long sequence;
        private int first;
        private int count;
    }

    /// Starts; ends with what was seen once stopped, or once the session is over.
    public CompletableFuture<Result> start() {
        session.loop()
                .execute(
                        () -> {
                            running = plan.depth();
                            for (int i = 0; i < plan.depth(); i++) {
                                Slot slot = new Slot();
                                slot.task.whenEnded((_, result) -> ended(slot, result));
                                next(slot);
                            }
                        });
        return done;
    }

    /// Sends nothing more and lets what is under way end.
    public void stop() {
        session.loop().execute(() -> stopping = true);
    }

    private void next(Slot slot) {
        if (stopping) {
            slot.buffer.release();
            if (--running == 0) {
                done.complete(new Result(writes, reads, refused, failed, wrongReads, firstWrong));
            }
            return;
        }
        slot.count = 1 + random.nextInt(Math.min(plan.maxSectors(), plan.sectors()));
        slot.first = plan.firstSector() + random.nextInt(plan.sectors() - slot.count + 1);
        slot.read = random.nextInt(100) < plan.readPercent();
        slot.sequence = slot.read ? 0 : recorder.begin(slot.first, slot.count);
        if (slot.read || slot.sequence == 0) {
            sendRead(slot);
        } else {
            sendWrite(slot);
        }
    }

    private void sendRead(Slot slot) {
        slot.read = true;
        slot.reading.begins(slot.first, slot.count);
        session.submit(Cdb.read16(slot.task, plan.lun(), slot.first, slot.count, slot.buffer));
    }

    private void sendWrite(Slot slot) {
        ByteBuffer content = slot.buffer.nioBuffer(0, slot.count * Stamp.SIZE);
        for (int i = 0; i < slot.count; i++) {
            long lba = (long) slot.first + i;
            Stamp.put(content, i * Stamp.SIZE, plan.lun(), lba, plan.writer(), slot.sequence);
        }
        session.submit(Cdb.write16(slot.task, plan.lun(), slot.first, slot.count, slot.buffer));
    }

    private void ended(Slot slot, CommandResult result) {
        if (!slot.read) {
            writeEnded(slot, result);
        } else if (result.isGood()) {
            reads++;
            checkRead(slot);
        }
        if (result.isGood()) {
            next(slot);
        } else if (!(result instanceof CommandResult.Answered answered)) {
            stopping = true;
            next(slot);
        } else {
            if (refused(answered)) {
                refused++;
            } else {
                failed++;
            }
            session.loop().schedule(() -> next(slot), RETRY_MILLIS, TimeUnit.MILLISECONDS);
        }
    }

    // Only an answer that says so proves that nothing was written; any other failure proves
    // nothing.
    private void writeEnded(Slot slot, CommandResult result) {
        boolean certainlyNot =
                result instanceof CommandResult.NotSent
                        || (result instanceof CommandResult.Answered answered && refused(answered));
        if (result.isGood()) {
            writes++;
            recorder.acknowledged(slot.sequence, slot.first, slot.count);
        } else if (certainlyNot) {
            recorder.notDone(slot.sequence, slot.first, slot.count);
        } else {
            recorder.unknown(slot.sequence, slot.first, slot.count);
        }
    }

    private static boolean refused(CommandResult.Answered answered) {
        Sense sense = answered.sense();
        return answered.status() == CommandResult.BUSY
                || (sense != null
                        && (sense.key() == NOT_READY
                                || sense.key() == UNIT_ATTENTION
                                || sense.key() == NO_SPACE_KEY));
    }

    private void checkRead(Slot slot) {
        slot.reading.ends();
        ByteBuffer content = slot.buffer.nioBuffer(0, slot.count * Stamp.SIZE);
        for (int i = 0; i < slot.count; i++) {
            int sector = slot.first + i;
            long seen = Stamp.read(content, i * Stamp.SIZE, plan.lun(), sector);
            if (!slot.reading.returned(sector, seen)) {
                wrongReads++;
                if (firstWrong.isEmpty()) {
                    String what = Stamp.describe(content, i * Stamp.SIZE);
                    firstWrong = "sector " + sector + " read " + what;
                }
            }
        }
    }
}
