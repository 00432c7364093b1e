package lockstep.target.admin.model;

/// The answer to `POST /v1/invitations`, on a Unix socket only: the code that another node pairs
/// with once, for so many seconds, and where this node listens for it.
public record InvitationView(String code, long validSeconds, String address) {
    /// Without the code.
    @Override
    public String toString() {
        return "InvitationView[" + address + "]";
    }
}
