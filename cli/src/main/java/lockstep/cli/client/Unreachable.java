package lockstep.cli.client;

import java.io.IOException;

/// No node answers at an address.
public final class Unreachable extends IOException {
    private static final long serialVersionUID = 1L;

    /// `address` is as the operator gave it.
    public Unreachable(String address, IOException cause) {
        super("no node answers at " + address + " (" + cause.getMessage() + ")", cause);
    }
}
