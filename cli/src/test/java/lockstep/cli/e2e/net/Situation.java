package lockstep.cli.e2e.net;

/// What a pair is doing when a fault comes.
enum Situation {
    /// Hosts are logged in and send nothing.
    IDLE,
    /// Hosts read and write.
    LOAD,
    /// And a consistency point has begun, with a snapshot, and takes its time on a slow link.
    CHECKPOINT,
    /// The mirror was left behind and is being brought up to date.
    RESYNC,
    /// An operator has the mirror take over: because of the fault, or, if that leaves the link as
    /// it is, because the source was killed.
    TAKEOVER,
    /// The source stands still, as in a long pause of its machine; the mirror takes over, and then
    /// the source goes on where it was, and does not know.
    FROZEN,
    /// The source was killed and replaced, and comes back as the mirror.
    RETURN,
    /// The volume moves to its mirror by an operator's word, and does not pause yet.
    SWITCHOVER,
    /// The same when it has paused, or is moving, over a slow link.
    HANDOVER
}
