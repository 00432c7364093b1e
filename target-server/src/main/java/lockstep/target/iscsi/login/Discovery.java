package lockstep.target.iscsi.login;

import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.net.Inet6Address;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;

/// The answer to SendTargets (RFC 7143 appendix C): every target, at the portal that was asked.
public final class Discovery {
    private Discovery() {}

    /// The text that answers `SendTargets=which`: "All" (in a discovery session), a target's name,
    /// or nothing for `own`, the session's target.
    public static byte[] sendTargets(
            String which,
            TargetCatalog catalog,
            @Nullable ScsiTarget own,
            InetSocketAddress portal) {
        StringBuilder text = new StringBuilder();
        for (ScsiTarget target : catalog.targets()) {
            boolean asked =
                    which.isEmpty()
                            ? target == own
                            : which.equals("All")
                                    ? own == null
                                    : which.equals(target.port().targetName());
            if (asked) {
                text.append("TargetName=").append(target.port().targetName()).append('\0');
                text.append("TargetAddress=").append(format(portal)).append(',');
                text.append(target.port().portGroup()).append('\0');
            }
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }

    private static String format(InetSocketAddress portal) {
        String host = portal.getAddress().getHostAddress();
        if (portal.getAddress() instanceof Inet6Address) {
            int scope = host.indexOf('%');
            host = "[" + (scope < 0 ? host : host.substring(0, scope)) + "]";
        }
        return host + ":" + portal.getPort();
    }
}
