package lockstep.replication.link;

/// Makes connections to one peer's address: a port. Results come on the core loop, never inside the
/// call.
public interface Dialer {
    /// Begins to connect.
    Attempt dial(Result result);

    /// How to name the address to people.
    String address();

    /// A connection being made.
    interface Attempt {
        /// Gives it up: `result` hears nothing any more, and a connection that comes all the same
        /// is closed.
        void cancel();
    }

    /// The end of an attempt: one of the two, once.
    interface Result {
        /// Connected; the caller sets the handler before it returns.
        void opened(Connection connection);

        /// Not connected, and why.
        void failed(String reason);
    }
}
