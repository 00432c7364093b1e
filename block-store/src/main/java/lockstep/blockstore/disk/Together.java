package lockstep.blockstore.disk;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

/// Several operations with one end: add each with [#one], then [#start]; the end comes when all
/// have ended, with the first fault if there was one. If none was added it comes inside [#start].
public final class Together {
    private final IoCompletion done;
    private int open = 1;
    private @Nullable IoFault fault;

    /// `done` is told once.
    public Together(IoCompletion done) {
        this.done = done;
    }

    /// One more operation to wait for; give the result to it.
    public IoCompletion one() {
        Check.that(open > 0, "operations are added before the end");
        open++;
        return this::ended;
    }

    /// No more will be added from outside.
    public void start() {
        ended(null);
    }

    private void ended(@Nullable IoFault ended) {
        Check.that(open > 0, "an operation ends once");
        if (fault == null) {
            fault = ended;
        }
        if (--open == 0) {
            done.ended(fault);
        }
    }
}
