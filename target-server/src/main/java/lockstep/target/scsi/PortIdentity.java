package lockstep.target.scsi;

import lockstep.blockstore.base.Check;

/// What distinguishes this target's port from its partner's: name, target port group (the iSCSI
/// portal group tag too) and relative port. The logical unit's own names are not here: they are the
/// same on both nodes.
public record PortIdentity(String targetName, int portGroup, int relativePort) {
    public PortIdentity {
        Check.that(portGroup > 0 && portGroup <= 0xFFFF, "a port group is 1..65535");
        Check.that(relativePort > 0 && relativePort <= 0xFFFF, "a relative port is 1..65535");
    }
}
