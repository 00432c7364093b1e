package lockstep.cli.verify;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// Reads a whole region when no writer runs and judges every sector: each acknowledged write is
/// there or superseded, each unacknowledged one old or new.
public final class Verification {
    private static final int CHUNK_SECTORS = 512;
    private static final int TOLD = 10;
    private static final int ATTEMPTS = 50;

    private final SectorModel model;
    private final IscsiSession session;
    private final int lun;
    private final ByteBuf buffer =
            PooledByteBufAllocator.DEFAULT.directBuffer(CHUNK_SECTORS * Stamp.SIZE);
    private final ScsiTask task = new ScsiTask();
    private final CompletableFuture<Report> done = new CompletableFuture<>();
    private final List<String> wrong = new ArrayList<>();
    private long acknowledged;
    private long unacknowledged;
    private long lost;
    private long foreign;
    private long corrupt;
    private long unreadable;
    private int next;
    private int attempts;

    /// What a verification found. `unacknowledged` counts sectors that hold a write which never got
    /// an answer; `lost`, `foreign`, `corrupt` and `unreadable` are violations, of which `wrong`
    /// tells the first few.
    public record Report(
            int sectors,
            long acknowledged,
            long unacknowledged,
            long lost,
            long foreign,
            long corrupt,
            long unreadable,
            List<String> wrong) {
        /// Whether nothing is wrong.
        public boolean isClean() {
            return lost + foreign + corrupt + unreadable == 0;
        }

        @Override
        public String toString() {
            return String.format(
                    "%d sectors: %d as acknowledged, %d with a write never answered,"
                            + " %d lost, %d foreign, %d corrupt, %d unreadable%s",
                    sectors,
                    acknowledged,
                    unacknowledged,
                    lost,
                    foreign,
                    corrupt,
                    unreadable,
                    wrong.isEmpty() ? "" : "; " + String.join("; ", wrong));
        }
    }

    private Verification(SectorModel model, IscsiSession session, int lun) {
        this.model = model;
        this.session = session;
        this.lun = lun;
    }

    /// Reads all of the model's sectors from the LUN. Fails only if the session is lost.
    public static CompletableFuture<Report> readAll(
            SectorModel model, IscsiSession session, int lun) {
        Verification verification = new Verification(model, session, lun);
        session.loop().execute(verification::readChunk);
        return verification.done.whenComplete((_, _) -> verification.buffer.release());
    }

    private void readChunk() {
        int count = Math.min(CHUNK_SECTORS, model.sectors() - next);
        if (count == 0) {
            done.complete(
                    new Report(
                            model.sectors(),
                            acknowledged,
                            unacknowledged,
                            lost,
                            foreign,
                            corrupt,
                            unreadable,
                            List.copyOf(wrong)));
            return;
        }
        task.whenEnded((_, result) -> chunkRead(count, result));
        session.submit(Cdb.read16(task, lun, next, count, buffer));
    }

    private void chunkRead(int count, CommandResult result) {
        if (result instanceof CommandResult.Answered && !result.isGood() && attempts < ATTEMPTS) {
            attempts++; // a unit attention, or a node that is still starting
            session.loop().schedule(this::readChunk, 100, TimeUnit.MILLISECONDS);
            return;
        }
        if (!(result instanceof CommandResult.Answered)) {
            done.completeExceptionally(new IllegalStateException("read failed: " + result));
            return;
        }
        attempts = 0;
        if (result.isGood()) {
            ByteBuffer content = buffer.nioBuffer(0, count * Stamp.SIZE);
            for (int i = 0; i < count; i++) {
                judge(next + i, content, i * Stamp.SIZE);
            }
        } else {
            unreadable += count;
            tell("sectors " + next + ".." + (next + count - 1) + " cannot be read: " + result);
        }
        next += count;
        readChunk();
    }

    private void judge(int sector, ByteBuffer content, int at) {
        long seen = Stamp.read(content, at, lun, sector);
        if (seen == Stamp.CORRUPT) {
            corrupt++;
            tell("sector " + sector + " is corrupt: " + Stamp.describe(content, at));
            return;
        }
        SectorModel.Verdict verdict = model.observe(sector, seen);
        switch (verdict) {
            case ACKNOWLEDGED -> acknowledged++;
            case UNACKNOWLEDGED -> unacknowledged++;
            case LOST -> lost++;
            case FOREIGN -> foreign++;
        }
        if (verdict == SectorModel.Verdict.LOST || verdict == SectorModel.Verdict.FOREIGN) {
            tell("sector " + sector + " is " + verdict + ": " + Stamp.describe(content, at));
        }
    }

    private void tell(String what) {
        if (wrong.size() < TOLD) {
            wrong.add(what);
        }
    }
}
