package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Outcome;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;

/// Holds every answer until the highest log sequence it depends on is durable on every leg. That
/// rule, for writes and for reads, stands here and nowhere else (invariants 1 and 2).
final class AckGate {
    private record Waiting(long sequence, Runnable release, Outcome.Handler aborted) {}

    private final ArrayDeque<Waiting> waiting = new ArrayDeque<>();
    private @Nullable Runnable onDurable;
    private long onDurableAt;
    private Legs legs;
    private long local;
    private long mirror;
    private boolean withoutLog;

    /// A gate behind which everything up to `sequence` is durable on all legs.
    AckGate(Legs legs, long sequence) {
        this.legs = legs;
        this.local = sequence;
        this.mirror = sequence;
    }

    /// The legs asked for from here on; what waits is judged anew.
    void legs(Legs asked) {
        legs = asked;
        releaseDurable();
    }

    Legs legs() {
        return legs;
    }

    /// Everything up to `sequence` is durable here.
    void local(long sequence) {
        local = Math.max(local, sequence);
        releaseDurable();
    }

    /// Whether the log makes nothing durable here now, so that only consistency points do: they
    /// then wait for the other legs alone.
    void withoutLog(boolean without) {
        withoutLog = without;
        releaseDurable();
    }

    /// Everything up to `sequence` is durable at the mirror.
    void mirror(long sequence) {
        mirror = Math.max(mirror, sequence);
        releaseDurable();
    }

    /// The mirror's log now ends at `sequence`, which may be less than another mirror once held.
    void mirrorBeginsAt(long sequence) {
        mirror = sequence;
    }

    /// The highest sequence that is durable on every leg asked for.
    long durable() {
        return switch (legs) {
            case LOCAL -> local;
            case BOTH -> Math.min(local, mirror);
        };
    }

    // What a consistency point may commit: all of it is durable, or will be on this node by that.
    private long committable() {
        long here = withoutLog ? Long.MAX_VALUE : local;
        return switch (legs) {
            case LOCAL -> here;
            case BOTH -> Math.min(here, mirror);
        };
    }

    /// Calls `release` once everything up to `sequence` is durable, or `aborted` if that will not
    /// be known. Sequences are asked for in order; an older one counts as the newest asked for.
    void await(long sequence, Runnable release, Outcome.Handler aborted) {
        if (sequence <= durable()) {
            release.run();
            return;
        }
        Waiting last = waiting.peekLast();
        long from = last == null ? sequence : Math.max(sequence, last.sequence);
        waiting.add(new Waiting(from, release, aborted));
        releaseDurable();
    }

    /// Calls `proceed` once everything up to `sequence` is durable on every leg, or will be by what
    /// `proceed` does, however long that takes. One such wait at a time: a consistency point's.
    void whenDurable(long sequence, Runnable proceed) {
        Check.that(onDurable == null, "one consistency point waits at a time");
        onDurable = proceed;
        onDurableAt = sequence;
        releaseDurable();
    }

    /// Nobody waits to commit any more; whether somebody did.
    boolean dropCommitWait() {
        boolean waited = onDurable != null;
        onDurable = null;
        return waited;
    }

    /// How many answers wait.
    int size() {
        return waiting.size();
    }

    /// Ends everything that waits: it may or may not be found later.
    void abort(String reason) {
        while (!waiting.isEmpty()) {
            waiting.poll().aborted.ended(new Outcome.Aborted(reason));
        }
    }

    private void releaseDurable() {
        long durable = durable();
        Waiting first = waiting.peek();
        while (first != null && first.sequence <= durable) {
            waiting.remove();
            first.release.run();
            // An answer's release may have asked for more, or changed the legs.
            durable = durable();
            first = waiting.peek();
        }
        Runnable proceed = onDurable;
        if (proceed != null && onDurableAt <= committable()) {
            onDurable = null;
            proceed.run();
        }
    }
}
