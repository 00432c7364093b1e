package lockstep.replication.wire;

/// What a node says it is for a volume.
public enum ClaimedRole {
    /// Active, or the last to have been: it sends.
    SOURCE(1),
    /// The mirror: it receives.
    DESTINATION(2),
    /// It has just started or has been fenced, and takes what the epochs say.
    UNDECIDED(3);

    private final int code;

    ClaimedRole(int code) {
        this.code = code;
    }

    /// The number on the wire.
    public int code() {
        return code;
    }
}
