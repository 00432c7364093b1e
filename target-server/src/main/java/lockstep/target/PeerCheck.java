package lockstep.target;

import lockstep.replication.wire.NodeIdentity;
import lockstep.target.admin.model.AdminError;
import lockstep.target.admin.model.AdminError.Code;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Who cannot be a peer of this node, whatever else is right: the node itself, and whoever has an
/// identity that could not be told from that of another. Epochs carry the short id, paths of hosts
/// a number made of it.
final class PeerCheck {
    private PeerCheck() {}

    /// Why `other` cannot be a peer of `self`, whose other peers are `known`; null if it can.
    static @Nullable AdminError refusal(
            NodeIdentityFile self, NodeIdentity other, List<NodeIdentity> known) {
        if (other.uuid().equals(self.uuid())) {
            return new AdminError(
                    Code.REFUSED,
                    "that node is this node, or a copy of its data directory",
                    "name another node; if it is another, remove the file 'node' in the data"
                            + " directory of the one that was copied");
        }
        boolean same =
                other.id() == self.id()
                        || NodeIdentityFile.portGroup(other.id()) == self.portGroup();
        for (NodeIdentity peer : known) {
            same |= peer.id() == other.id() && !peer.uuid().equals(other.uuid());
        }
        return same
                ? new AdminError(
                        Code.REFUSED,
                        "two nodes drew the same short identity",
                        "remove the file 'node' in the data directory of the one without volumes")
                : null;
    }
}
