package lockstep.blockstore.inject;

import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.util.function.Supplier;

/// An operation of a [FaultyDevice]: waiting, asked of the device below, or at its end. Where it is
/// not with the device below it can be given up at any time.
final class FaultyOperation implements Pending {
    private final IoCompletion done;
    private @Nullable Pending below;
    private boolean abandoned;
    private boolean ended;

    FaultyOperation(IoCompletion done) {
        this.done = done;
    }

    /// Its turn has come: unless it was given up, `ask` asks the device below, or gives null.
    void begin(Supplier<@Nullable Pending> ask) {
        if (!abandoned) {
            below = ask.get();
        }
    }

    /// The device below is done with it, and touches its buffers no more.
    void returned() {
        below = null;
    }

    boolean isAbandoned() {
        return abandoned;
    }

    /// It ends, unless it was given up.
    void end(@Nullable IoFault fault) {
        if (!abandoned) {
            ended = true;
            done.ended(fault);
        }
    }

    @Override
    public boolean abandon() {
        Pending asked = below;
        if (!ended && (asked == null || asked.abandon())) {
            abandoned = true;
        }
        return abandoned;
    }
}
