package lockstep.blockstore.io;

import java.util.concurrent.Executor;

/// The one thread that owns a volume and everything in it. Tasks run one at a time, in the order
/// given.
public interface EventLoop extends Executor {
    /// Runs `task` later on this loop; callable from any thread. Never runs it inside the call.
    @Override
    void execute(Runnable task);

    /// Whether the caller is on this loop already.
    boolean inLoop();

    /// This loop's clock; its timers fire on this loop.
    Clock clock();
}
