package lockstep.target.iscsi.login;

import lockstep.target.access.Standing;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;

/// The answers to SendTargets (RFC 7143 appendix C) in one session: the targets that its host may
/// use, each at every portal of this node. `own` is the session's target, null for discovery;
/// `reached` is where the host came in.
public record Discovery(
        TargetCatalog catalog,
        Doors doors,
        Standing standing,
        @Nullable ScsiTarget own,
        InetSocketAddress reached) {

    /// The text that answers `SendTargets=which`: "All" (in a discovery session), a target's name,
    /// or nothing for the session's target.
    public byte[] sendTargets(String which) {
        StringBuilder text = new StringBuilder();
        List<String> addresses = doors.addresses(reached);
        for (ScsiTarget target : catalog.targets()) {
            if (isAsked(which, target) && mayUse(target)) {
                text.append("TargetName=").append(target.port().targetName()).append('\0');
                for (String address : addresses) {
                    text.append("TargetAddress=").append(address).append(',');
                    text.append(target.port().portGroup()).append('\0');
                }
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private boolean isAsked(String which, ScsiTarget target) {
        return switch (which) {
            case "" -> target == own;
            case "All" -> own == null;
            default -> which.equals(target.port().targetName());
        };
    }

    private boolean mayUse(ScsiTarget target) {
        return doors.gatekeeper().luns(catalog.access(target), standing) != null;
    }
}
