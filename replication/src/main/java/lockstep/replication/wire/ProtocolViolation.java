package lockstep.replication.wire;

/// A peer sent what the protocol does not allow. It costs that peer its connection and nobody else
/// anything (invariant 10).
public final class ProtocolViolation extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// `what` says what was seen, with the numbers.
    public ProtocolViolation(String what) {
        // No stack trace: a hostile peer must not choose how much work a violation costs.
        super(what, null, false, false);
    }
}
