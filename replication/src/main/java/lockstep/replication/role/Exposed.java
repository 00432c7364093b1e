package lockstep.replication.role;

/// How far a source is ahead of its mirror: since when, in milliseconds since 1970 (0: it is not),
/// and by how many log entries and bytes of them. Entries and bytes are counted since the node
/// started.
public record Exposed(long sinceMillis, long writes, long bytes) {
    /// Not at all.
    public static final Exposed NOT = new Exposed(0, 0, 0);
}
