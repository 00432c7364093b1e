package lockstep.blockstore.io;

/// A device did not do what it was asked: which device, which operation, why.
public record IoFault(String device, String operation, String reason) {
    @Override
    public String toString() {
        return operation + " failed on " + device + ": " + reason;
    }
}
