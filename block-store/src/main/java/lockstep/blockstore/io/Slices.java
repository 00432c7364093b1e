package lockstep.blockstore.io;

/// Cuts long work on an event loop into short tasks, so that nobody who shares the loop waits long.
public final class Slices {
    /// One small piece of the work.
    @FunctionalInterface
    public interface Step {
        /// Does a piece; returns whether there is more.
        boolean run();
    }

    private Slices() {}

    /// Runs `step` until it says that there is no more, at most `perTask` times in a row, then
    /// `done`. The first slice runs inside the call.
    public static void run(EventLoop loop, int perTask, Step step, Runnable done) {
        for (int i = 0; i < perTask; i++) {
            if (!step.run()) {
                done.run();
                return;
            }
        }
        loop.execute(() -> run(loop, perTask, step, done));
    }
}
