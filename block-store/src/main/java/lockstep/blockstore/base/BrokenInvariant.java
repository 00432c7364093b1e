package lockstep.blockstore.base;

/// A state that our own code must never reach. It stops the volume it was found in; it is never
/// answered with GOOD and never caught to go on.
public final class BrokenInvariant extends RuntimeException {
    private static final long serialVersionUID = 1L;

    /// `invariant` says what should have held.
    public BrokenInvariant(String invariant) {
        super(invariant);
    }
}
