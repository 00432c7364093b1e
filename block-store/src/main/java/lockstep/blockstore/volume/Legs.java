package lockstep.blockstore.volume;

/// Where a log entry has to be durable before anybody may see its effect.
public enum Legs {
    /// On this node alone: the volume has no mirror, or has none now and may go on without.
    LOCAL,
    /// On this node and on its mirror.
    BOTH
}
