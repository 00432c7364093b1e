package lockstep.replication.inject;

/// What a link suffers.
public enum LinkEffect {
    /// The connection is closed, and a dial is refused.
    CUT,
    /// Nothing comes through in either direction, not even the end of the connection; a dial has no
    /// answer.
    BLACK_HOLE,
    /// What the peer sends does not come in.
    DROP_IN,
    /// What this node sends does not go out.
    DROP_OUT,
    /// Every message is late, in both directions, and in order.
    DELAY;

    /// Whether messages that come in are lost.
    boolean losesIn() {
        return this == BLACK_HOLE || this == DROP_IN;
    }

    /// Whether messages that go out are lost.
    boolean losesOut() {
        return this == BLACK_HOLE || this == DROP_OUT;
    }
}
