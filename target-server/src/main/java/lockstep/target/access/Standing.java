package lockstep.target.access;

import java.net.InetAddress;
import java.util.Set;

/// Who a session belongs to, as far as this target knows: the name it gave, where it comes from,
/// whether it came through a door that needs no proof (`trusted`), and the rules it has proven
/// itself for.
public record Standing(String initiator, InetAddress address, boolean trusted, Set<String> proven) {
    public Standing {
        proven = Set.copyOf(proven);
    }

    /// A host that has proven nothing yet.
    public static Standing of(String initiator, InetAddress address, boolean trusted) {
        return new Standing(initiator, address, trusted, Set.of());
    }

    /// The same after CHAP.
    public Standing proving(Set<String> rules) {
        return new Standing(initiator, address, trusted, rules);
    }

    /// How a rule of the volume `owner` is called in [#proven].
    static String name(String owner, HostRule rule) {
        return owner + ' ' + rule.initiator();
    }
}
