package lockstep.blockstore.io.real;

import org.jspecify.annotations.Nullable;

import java.io.IOException;

/// Flushes of one file, some at once where that is safe. What the page cache could not write it
/// tells one flush, whichever asks first, and the next one nothing: there, of two at once, the
/// second must know how the first has ended. Past the page cache each request hears of itself.
final class FlushTurns {
    /// What makes something durable.
    interface Flush {
        void run() throws IOException;
    }

    private final boolean oneAtATime;
    private @Nullable IOException failure;

    /// For a file that is used past the page cache if `direct`.
    FlushTurns(boolean direct) {
        this.oneAtATime = !direct;
    }

    /// Runs `flush`, unless one before it has failed for good; having found no space is not that.
    void run(Flush flush) throws IOException {
        if (!oneAtATime) {
            flush.run();
            return;
        }
        synchronized (this) {
            if (failure != null) {
                throw new IOException("a flush before it has failed", failure);
            }
            try {
                flush.run();
            } catch (BackingFile.NoSpace full) {
                throw full;
            } catch (IOException failed) {
                failure = failed;
                throw failed;
            }
        }
    }
}
