package lockstep.cli.e2e;

import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.SessionOptions;
import lockstep.cli.verify.Recorder;
import lockstep.cli.verify.StampedWorkload;

import org.jspecify.annotations.Nullable;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// One host's way to one node: a session that is made again whenever it ends or the node does not
/// answer a ping, and a workload on it.
final class HostPath {
    private static final int LOGIN_SECONDS = 2;
    private static final long PING_NANOS = TimeUnit.MILLISECONDS.toNanos(500);
    private static final long ANSWER_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final long FINISH_NANOS = TimeUnit.SECONDS.toNanos(5);
    private static final int LOOK_MILLIS = 10;
    private static final int AGAIN_MILLIS = 100;

    private final Initiator initiator;
    private final IscsiUrl url;
    private final SessionOptions options;
    private final Recorder recorder;
    private final SteadyHosts.Load load;
    private final int writer;
    private final Thread thread;
    private volatile boolean paused;
    private volatile boolean over;
    private volatile SteadyHosts.Seen seen = SteadyHosts.Seen.NOTHING;
    private int workloads;
    private long pingedNanos;
    private @Nullable CompletableFuture<Void> ping;

    HostPath(
            Initiator initiator,
            IscsiUrl url,
            SessionOptions options,
            Recorder recorder,
            SteadyHosts.Load load,
            int writer) {
        this.initiator = initiator;
        this.url = url;
        this.options = options.within(Duration.ofSeconds(LOGIN_SECONDS));
        this.recorder = recorder;
        this.load = load;
        this.writer = writer;
        this.thread = Thread.ofPlatform().name("path-" + writer).unstarted(this::run);
    }

    /// Where it leads.
    IscsiUrl url() {
        return url;
    }

    void start() {
        thread.start();
    }

    void pause(boolean still) {
        paused = still;
    }

    SteadyHosts.Seen seen() {
        return seen;
    }

    /// Lets what is under way end; does not wait.
    void finish() {
        over = true;
    }

    void join() throws InterruptedException {
        thread.join();
    }

    private void run() {
        try {
            while (!over) {
                IscsiSession session = login();
                if (session == null) {
                    TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
                } else {
                    use(session);
                    session.close();
                }
            }
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
    }

    private @Nullable IscsiSession login() throws InterruptedException {
        CompletableFuture<IscsiSession> connecting = initiator.connect(url, options);
        try {
            return connecting.get(2 * LOGIN_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException | TimeoutException _) {
            // Nobody there, or no way to him; one that comes too late is not wanted any more.
            connecting.thenAccept(IscsiSession::close);
            return null;
        }
    }

    private void use(IscsiSession session) throws InterruptedException {
        ping = null;
        pingedNanos = System.nanoTime();
        while (!over && !session.closed().isDone()) {
            if (paused) {
                lookAfter(session);
                TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
            } else {
                work(session);
            }
        }
    }

    private void work(IscsiSession session) throws InterruptedException {
        long seed = load.seed() + writer * 1_000_003L + workloads++;
        StampedWorkload workload = new StampedWorkload(recorder, session, plan(seed));
        CompletableFuture<StampedWorkload.Result> end = workload.start();
        long overNanos = 0;
        while (!end.isDone()) {
            if (paused || over) {
                workload.stop();
            }
            if (over) {
                overNanos = overNanos == 0 ? System.nanoTime() : overNanos;
                if (System.nanoTime() - overNanos > FINISH_NANOS) {
                    session.close();
                }
            }
            lookAfter(session);
            TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
        }
        StampedWorkload.Result result = end.join();
        seen =
                seen.plus(
                        new SteadyHosts.Seen(
                                result.writes(),
                                result.reads(),
                                result.refused(),
                                result.failed(),
                                result.wrongReads(),
                                result.firstWrong(),
                                1));
    }

    private StampedWorkload.Plan plan(long seed) {
        return new StampedWorkload.Plan(
                0,
                writer,
                0,
                load.sectors(),
                load.maxSectors(),
                load.depth(),
                load.readPercent(),
                seed);
    }

    // As a host does that sends NOP-Out: a way that is silent is given up.
    private void lookAfter(IscsiSession session) {
        long now = System.nanoTime();
        CompletableFuture<Void> waiting = ping;
        if (waiting != null && !waiting.isDone()) {
            if (now - pingedNanos > ANSWER_NANOS) {
                session.close();
            }
        } else if (now - pingedNanos > PING_NANOS) {
            pingedNanos = now;
            ping = session.ping();
        }
    }
}
