package lockstep.replication.link;

/// Where the making of a link stands.
public enum LinkState {
    /// Nothing is under way: the next dial waits for its time, or this side never dials.
    WAITING,
    /// A connection is being made.
    DIALLING,
    /// The connection is there, Hello is sent, the answer is awaited.
    GREETING,
    /// Both sides have agreed.
    UP,
    /// The peer came with a newer connection; if the old one does not answer any more it is closed,
    /// and only when it is drained is the newer one taken.
    DRAINING,
    /// Stopped for good.
    STOPPED
}
