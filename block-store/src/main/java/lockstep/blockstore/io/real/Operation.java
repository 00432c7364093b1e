package lockstep.blockstore.io.real;

import lockstep.blockstore.io.Pending;

import java.io.IOException;
import java.util.concurrent.atomic.AtomicReference;

/// One operation between the loop that asked for it and the I/O thread that does it. The thread
/// touches lent buffers only between [#touch] and [#release], and never after the loop has given
/// the operation up.
final class Operation implements Pending {
    private enum State {
        /// Waiting for a thread, or in the system: no lent buffer is touched.
        AWAY,
        /// Bytes move between a lent buffer and the thread's own.
        TOUCHING,
        /// The completion is on its way to the loop.
        ENDED,
        /// Given up.
        ABANDONED
    }

    private final AtomicReference<State> state = new AtomicReference<>(State.AWAY);

    @Override
    public boolean abandon() {
        return state.compareAndSet(State.AWAY, State.ABANDONED);
    }

    /// Throws if the buffers are not lent any more.
    void touch() throws IOException {
        if (!state.compareAndSet(State.AWAY, State.TOUCHING)) {
            throw new IOException("the operation was given up");
        }
    }

    void release() {
        state.set(State.AWAY);
    }

    /// Whether the completion is to be told.
    boolean end() {
        state.compareAndSet(State.TOUCHING, State.AWAY);
        return state.compareAndSet(State.AWAY, State.ENDED);
    }
}
