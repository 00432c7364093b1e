package lockstep.replication.wire;

/// How one copy of a volume stands to the other, as its own node knows it durably.
public enum CopyState {
    /// Never had a partner: alone by choice.
    SINGLE(1),
    /// Holds every acknowledged write, together with the partner.
    IN_SYNC(2),
    /// May lack acknowledged writes (on a mirror); the partner may lack them (on a source).
    OUT_OF_SYNC(3),
    /// As OUT_OF_SYNC, with a resync under way.
    RESYNCING(4),
    /// Holds no complete image: a first full copy is not done.
    NO_IMAGE(5),
    /// Active and acknowledging without its mirror, after a detach or a takeover.
    ALONE(6);

    private final int code;

    CopyState(int code) {
        this.code = code;
    }

    /// The number on the wire.
    public int code() {
        return code;
    }
}
