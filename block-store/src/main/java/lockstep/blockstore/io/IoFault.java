package lockstep.blockstore.io;

/// A device did not do what it was asked: which device, which operation, why.
public record IoFault(String device, String operation, String reason) {
    private static final String SLOW = "no answer yet";

    /// An operation that was given up because it took long; nothing is wrong with the device else.
    public static IoFault slow(String device, String operation) {
        return new IoFault(device, operation, SLOW);
    }

    /// Whether it only took long.
    public boolean isSlow() {
        return reason.equals(SLOW);
    }

    @Override
    public String toString() {
        return operation + " failed on " + device + ": " + reason;
    }
}
