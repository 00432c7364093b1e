package lockstep.target.iscsi.session;

import lockstep.target.access.LunMask;
import lockstep.target.iscsi.login.LoginPhase;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

/// What the rules give to a host that has logged in, as they stand now.
final class Rights {
    private Rights() {}

    /// The LUNs that it may use; null if it may not be here. In a discovery session there are none.
    static @Nullable LunMask of(Connection.Shared shared, LoginPhase.Complete login) {
        ScsiTarget target = login.target();
        return target == null
                ? LunMask.NONE
                : shared.doors()
                        .gatekeeper()
                        .luns(shared.catalog().access(target), login.standing());
    }
}
