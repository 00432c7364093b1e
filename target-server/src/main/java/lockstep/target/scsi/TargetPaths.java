package lockstep.target.scsi;

import java.util.List;

/// The ports through which hosts reach the logical units of a target, this node's and its
/// partner's, and what each is good for now. Asked at every command, so that a change needs nobody
/// to announce it: who notices it tells the nexuses by a unit attention.
public interface TargetPaths {
    /// One target port group with its only port.
    record Group(int group, int relativePort, AccessState state) {}

    /// What this node's own ports are good for.
    AccessState here();

    /// All groups, the same on both nodes, in ascending order.
    List<Group> groups();

    /// One node without a partner, always active.
    static TargetPaths alone(PortIdentity port) {
        Group only = new Group(port.portGroup(), port.relativePort(), AccessState.ACTIVE_OPTIMIZED);
        return new TargetPaths() {
            @Override
            public AccessState here() {
                return AccessState.ACTIVE_OPTIMIZED;
            }

            @Override
            public List<Group> groups() {
                return List.of(only);
            }
        };
    }
}
