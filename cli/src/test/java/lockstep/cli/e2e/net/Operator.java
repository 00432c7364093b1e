package lockstep.cli.e2e.net;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.e2e.SteadyHosts;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.ResyncRate;
import lockstep.target.admin.model.SwitchedOver;
import lockstep.target.admin.model.TakeSnapshot;
import lockstep.target.admin.model.VolumeView;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Does by hand what a pair does not do by itself, with the patience of a human: what is refused
/// for the moment is asked again. No answer at all is a failure.
final class Operator implements AutoCloseable {
    private static final String VOLUME = "/volumes/" + LoopbackPair.VOLUME;
    private static final int ANSWER_SECONDS = 40;
    private static final int PATIENCE_SECONDS = 20;
    private static final int AGAIN_MILLIS = 50;

    /// Something that is true at some time.
    @FunctionalInterface
    interface Condition {
        boolean holds() throws Exception;
    }

    private final LoopbackPair pair;
    private final SteadyHosts hosts;
    private final ExecutorService hands =
            Executors.newCachedThreadPool(task -> Thread.ofPlatform().daemon().unstarted(task));

    Operator(LoopbackPair pair, SteadyHosts hosts) {
        this.pair = pair;
        this.hosts = hosts;
    }

    /// Waits until `condition` holds.
    static void await(String what, Condition condition) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (!condition.holds()) {
            if (System.nanoTime() > until) {
                throw new AssertionError("in vain: " + what);
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /// Whether `node` has a link to its partner.
    static boolean isLinked(ChildNode node) throws IOException, Refused {
        List<PairView> pairs = node.admin().list("/pairs", PairView.class);
        return !pairs.isEmpty() && pairs.getFirst().linkUp();
    }

    /// When `node` told of `text` the last time; empty if it never did.
    static String told(ChildNode node, String text) throws IOException, Refused {
        List<EventView> events = node.admin().list("/events", EventView.class);
        return events.reversed().stream()
                .filter(event -> event.text().equals(text))
                .map(EventView::at)
                .findFirst()
                .orElse("");
    }

    /// What `node` calls the state of its copy.
    static String state(ChildNode node) {
        VolumeView view = LoopbackPair.volume(node);
        return view == null ? "" : view.state();
    }

    /// How `node` knows its copy to stand.
    static String sync(ChildNode node) {
        VolumeView view = LoopbackPair.volume(node);
        return view == null ? "" : view.sync();
    }

    /// `node` takes over, as soon as it agrees.
    void takeOver(ChildNode node) throws Exception {
        hosts.expect(node);
        again(() -> pair.takeOver(node));
    }

    /// `node` says no to a takeover, and keeps to it.
    void isRefusedTakeover(ChildNode node) throws Exception {
        try {
            answered(
                    () -> {
                        pair.takeOver(node);
                        return null;
                    });
        } catch (Refused _) {
            return;
        }
        throw new AssertionError(node.plan().name() + " takes over what it must not");
    }

    /// The volume is to move from `source`; the answer, whatever it is, ends the future well.
    CompletableFuture<String> switchOver(ChildNode source) {
        hosts.expect(pair.other(source));
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        SwitchedOver moved = pair.switchOver(source);
                        return "moved, hosts waited %.1f ms".formatted(moved.pauseMicros() / 1e3);
                    } catch (Refused refused) {
                        return refused.getMessage();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                hands);
    }

    /// Waits for the answer of something asked before.
    static String answer(CompletableFuture<String> asked) throws Exception {
        return asked.get(ANSWER_SECONDS, TimeUnit.SECONDS);
    }

    /// The source goes on without its mirror.
    void detach(ChildNode source) throws Exception {
        again(() -> source.admin().post(VOLUME + "/detach", null, Done.class));
    }

    /// How fast `source` brings its mirror up to date; 0 is no limit.
    void resyncRate(ChildNode source, long bytesPerSecond) throws Exception {
        AdminClient admin = source.admin();
        again(
                () ->
                        admin.post(
                                VOLUME + "/resync-rate",
                                new ResyncRate(bytesPerSecond),
                                Done.class));
    }

    /// A snapshot, which begins a consistency point; does not wait for it.
    CompletableFuture<String> snapshot(ChildNode source, String name) {
        TakeSnapshot body = new TakeSnapshot(name, List.of(0));
        return CompletableFuture.supplyAsync(
                () -> {
                    try {
                        source.admin().post(VOLUME + "/snapshots", body, Object.class);
                        return "taken";
                    } catch (Refused refused) {
                        return refused.getMessage();
                    } catch (IOException e) {
                        throw new UncheckedIOException(e);
                    }
                },
                hands);
    }

    private interface Request {
        void send() throws IOException, Refused;
    }

    private void again(Request request) throws Exception {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        while (true) {
            try {
                answered(
                        () -> {
                            request.send();
                            return null;
                        });
                return;
            } catch (Refused refused) {
                if (System.nanoTime() > until) {
                    throw refused;
                }
                TimeUnit.MILLISECONDS.sleep(AGAIN_MILLIS);
            }
        }
    }

    private void answered(Callable<Void> request) throws Exception {
        try {
            hands.submit(request).get(ANSWER_SECONDS, TimeUnit.SECONDS);
        } catch (ExecutionException e) {
            if (e.getCause() instanceof Exception failure) {
                throw failure;
            }
            throw e;
        } catch (TimeoutException e) {
            throw new AssertionError("a node does not answer its operator", e);
        }
    }

    @Override
    public void close() {
        hands.shutdownNow();
    }
}
