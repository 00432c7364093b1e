package lockstep.target.iscsi.login;

import lockstep.target.access.Gatekeeper;

import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// The portals of a node, where hosts come in, and who decides about those that do. Portals are
/// added while they open, before any host knows of them.
///
/// A host is told of every portal under the address that is advertised for it (behind a network
/// address translation the one outside), else the one it listens at. A portal on a wildcard address
/// without an advertised one is told as the address that the asking host used, if it came in there;
/// one on loopback is told only to hosts on loopback.
public final class Doors {
    /// A listening address and how hosts reach it, which is the same unless said otherwise.
    public record Door(InetSocketAddress listening, InetSocketAddress advertised) {}

    private final Gatekeeper gatekeeper;
    private final Caps caps;
    private final List<Door> doors = new ArrayList<>();

    /// No portals yet.
    public Doors(Gatekeeper gatekeeper, Caps caps) {
        this.gatekeeper = gatekeeper;
        this.caps = caps;
    }

    /// How many may come in.
    public Caps caps() {
        return caps;
    }

    /// Who decides about hosts.
    public Gatekeeper gatekeeper() {
        return gatekeeper;
    }

    /// A portal has opened. On the loop that answers discovery.
    public void add(Door door) {
        doors.add(door);
    }

    /// The addresses to tell a host that reached this node at `reached`; that one comes first, if
    /// it is to be told at all.
    public List<String> addresses(InetSocketAddress reached) {
        Set<String> told = new LinkedHashSet<>();
        for (Door door : doors) {
            if (isEntrance(door, reached)) {
                told.add(text(wildcard(door.advertised) ? reached : door.advertised));
            }
        }
        for (Door door : doors) {
            boolean reachable =
                    !wildcard(door.advertised) && (!loopback(door.advertised) || loopback(reached));
            if (reachable) {
                told.add(text(door.advertised));
            }
        }
        return told.isEmpty() ? List.of(text(reached)) : List.copyOf(told);
    }

    private static boolean isEntrance(Door door, InetSocketAddress reached) {
        return door.listening.getPort() == reached.getPort()
                && (wildcard(door.listening)
                        || door.listening.getAddress().equals(reached.getAddress()));
    }

    private static boolean wildcard(InetSocketAddress address) {
        return address.getAddress().isAnyLocalAddress();
    }

    private static boolean loopback(InetSocketAddress address) {
        return address.getAddress().isLoopbackAddress();
    }

    private static String text(InetSocketAddress address) {
        InetAddress host = address.getAddress();
        String name = host.getHostAddress();
        if (host instanceof Inet6Address) {
            int scope = name.indexOf('%');
            name = "[" + (scope < 0 ? name : name.substring(0, scope)) + "]";
        }
        return name + ":" + address.getPort();
    }
}
