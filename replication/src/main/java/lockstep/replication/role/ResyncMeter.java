package lockstep.replication.role;

import lockstep.blockstore.io.Clock;
import lockstep.replication.source.ImageSender;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;
import java.util.function.Supplier;

/// Counts what a resync sends and notices when it does not get on. It only tells; whoever is told
/// looks at the link, the disks or the partner.
final class ResyncMeter {
    private static final long LOOK_NANOS = 10_000_000_000L;
    private static final double SECOND = 1_000_000_000;

    private final Clock clock;
    private final Consumer<String> tell;
    private final Supplier<String> where;
    private Clock.@Nullable Timer timer;
    private boolean full;
    private int rounds;
    private long startedNanos;
    private long roundNanos;
    private long blocksBefore;
    private long bytesBefore;
    private @Nullable ImageSender images;
    private String seen = "";
    private long movedNanos;
    private String stalled = "";
    private String trouble = "";

    /// `where` says how far everything is, in words that change when anything moves; `tell` takes
    /// what an operator should read.
    ResyncMeter(Clock clock, Supplier<String> where, Consumer<String> tell) {
        this.clock = clock;
        this.where = where;
        this.tell = tell;
    }

    /// A resync begins, of everything if `full`.
    void begin(boolean everything) {
        end();
        full = everything;
        startedNanos = clock.nanoTime();
        movedNanos = startedNanos;
        roundNanos = startedNanos;
        timer = clock.schedule(LOOK_NANOS, this::look);
    }

    /// `sender` sends an image; what the one before has sent stays counted.
    void sends(ImageSender sender) {
        settle();
        images = sender;
        rounds++;
        roundNanos = clock.nanoTime();
    }

    /// Something keeps it from getting on.
    void trouble(String what) {
        trouble = what;
    }

    /// It is over, well or not.
    void end() {
        Clock.Timer running = timer;
        if (running != null) {
            running.cancel();
        }
        timer = null;
        images = null;
        full = false;
        rounds = 0;
        blocksBefore = 0;
        bytesBefore = 0;
        stalled = "";
        trouble = "";
    }

    /// Blocks sent in all rounds.
    long blocks() {
        ImageSender running = images;
        return blocksBefore + (running == null ? 0 : running.blocks());
    }

    private long bytes() {
        ImageSender running = images;
        return bytesBefore + (running == null ? 0 : running.bytes());
    }

    /// For people; `phase` is where it is, `limit` what the pace allows.
    ResyncProgress progress(String phase, long limit) {
        if (timer == null) {
            return ResyncProgress.NONE;
        }
        double seconds = Math.max(1e-3, (clock.nanoTime() - startedNanos) / SECOND);
        double inRound = (clock.nanoTime() - roundNanos) / SECOND;
        ImageSender running = images;
        double done = running == null ? 0 : running.done();
        long left = done <= 0.001 ? -1 : (long) (inRound * (1 - done) / done);
        return new ResyncProgress(
                phase,
                full,
                rounds,
                blocks(),
                bytes(),
                (long) (bytes() / seconds),
                limit,
                (int) (100 * done),
                left,
                stalled);
    }

    private void settle() {
        blocksBefore = blocks();
        bytesBefore = bytes();
        images = null;
    }

    private void look() {
        String now = where.get() + ", " + bytes() + " bytes sent";
        long nanos = clock.nanoTime();
        if (!now.equals(seen)) {
            seen = now;
            movedNanos = nanos;
            stalled = "";
        } else {
            long seconds = (long) ((nanos - movedNanos) / SECOND);
            String why = trouble.isEmpty() ? now : trouble + "; " + now;
            boolean first = stalled.isEmpty();
            stalled = "nothing has moved for " + seconds + " s: " + why;
            if (first) {
                tell.accept("the resync does not get on: " + stalled);
            }
        }
        timer = clock.schedule(LOOK_NANOS, this::look);
    }
}
