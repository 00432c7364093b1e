package lockstep.target.scsi;

/// One I_T nexus: an initiator port (name and, for iSCSI, session id) logged in to this target. Two
/// logins of one initiator port in a row are two nexuses; compared by identity.
public final class Nexus {
    private final String initiatorPort;

    /// A nexus with this initiator port.
    public Nexus(String initiatorPort) {
        this.initiatorPort = initiatorPort;
    }

    @Override
    public String toString() {
        return initiatorPort;
    }
}
