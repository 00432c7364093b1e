package lockstep.blockstore.io;

/// A device did not do what it was asked: which device, which operation, why.
public record IoFault(String device, String operation, String reason) {
    private static final String SLOW = "no answer yet";
    private static final String NO_SPACE = "no space is left below it";

    /// An operation that was given up because it took long; nothing is wrong with the device else.
    public static IoFault slow(String device, String operation) {
        return new IoFault(device, operation, SLOW);
    }

    /// Whether it only took long.
    public boolean isSlow() {
        return reason.equals(SLOW);
    }

    /// A write that found no space in what lends it to the device. Nothing is wrong with the device
    /// itself: what it holds it keeps, and the same write ends well once there is space again.
    public static IoFault outOfSpace(String device, String operation) {
        return new IoFault(device, operation, NO_SPACE);
    }

    /// Whether there was only no space below.
    public boolean isOutOfSpace() {
        return reason.equals(NO_SPACE);
    }

    @Override
    public String toString() {
        return operation + " failed on " + device + ": " + reason;
    }
}
