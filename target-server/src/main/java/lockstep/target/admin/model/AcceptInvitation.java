package lockstep.target.admin.model;

/// `POST /v1/peers`, on a Unix socket only: pairs with the node at `address` by the code that it
/// gave out. `self` is where this node is reached for links, if not as its file says.
public record AcceptInvitation(String address, String code, String self) {
    public AcceptInvitation {
        self = self == null ? "" : self;
    }

    /// Without the code.
    @Override
    public String toString() {
        return "AcceptInvitation[" + address + "]";
    }
}
