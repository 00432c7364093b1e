package lockstep.blockstore.volume;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogStream;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// How far a mirror's log is durable on this node, and who waits until all of it is.
final class DurableEnd implements LogStream.Listener {
    private final MirrorLog log;
    private final Consumer<Position> stored;
    private final Consumer<IoFault> failed;
    private Position durable;
    private @Nullable Runnable whenAll;

    /// `stored` hears of all that becomes durable, `failed` that nothing more will.
    DurableEnd(MirrorLog log, Consumer<Position> stored, Consumer<IoFault> failed) {
        this.log = log;
        this.stored = stored;
        this.failed = failed;
        this.durable = log.end();
    }

    /// All that is in the log now is durable: it was just read, or begins anew.
    void all() {
        durable = log.end();
    }

    /// Calls `next` when everything in the log is durable.
    void whenAll(Runnable next) {
        if (durable.equals(log.end())) {
            next.run();
        } else {
            whenAll = next;
        }
    }

    @Override
    public void durable(Position upTo) {
        durable = upTo;
        stored.accept(upTo);
        Runnable next = whenAll;
        if (next != null && upTo.equals(log.end())) {
            whenAll = null;
            next.run();
        }
    }

    @Override
    public void failed(IoFault fault) {
        failed.accept(fault);
    }
}
