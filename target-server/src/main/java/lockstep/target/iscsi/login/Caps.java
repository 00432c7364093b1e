package lockstep.target.iscsi.login;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.HashMap;
import java.util.Map;

/// How many connections, logins under way and sessions a node takes. On the target's event loop.
///
/// A login under way may hold [LoginPhase]'s text, 64 KiB; their number bounds what hosts can make
/// this node hold before they have said who they are. They never take the room of sessions: each
/// has its own bound.
public final class Caps {
    /// The bounds. Of `logins` under way at most `loginsPerAddress` come from one address.
    public record Limits(
            int connectionsPerAddress,
            int loginsPerAddress,
            int logins,
            int sessions,
            int sessionsPerInitiator) {
        /// The defaults: 32 MiB before login in all, 2 MiB for an address.
        public static final Limits DEFAULT = new Limits(128, 32, 512, 1024, 64);
    }

    private static final class Count {
        private int connections;
        private int logins;
    }

    private final Limits limits;
    private final Map<InetAddress, Count> addresses = new HashMap<>();
    private final Map<String, Integer> initiators = new HashMap<>();
    private int logins;
    private int sessions;

    /// Nobody yet.
    public Caps(Limits limits) {
        this.limits = limits;
    }

    /// The place of one connection.
    public final class Seat {
        private final InetAddress address;
        private @Nullable String initiator;
        private boolean left;

        private Seat(InetAddress address) {
            this.address = address;
        }

        /// Its login is whole; false if there is no room for the session of `name`. One that
        /// `replaces` another takes that one's room.
        public boolean admit(String name, boolean replaces) {
            int theirs = initiators.getOrDefault(name, 0);
            boolean full = sessions >= limits.sessions || theirs >= limits.sessionsPerInitiator;
            if (full && !replaces) {
                return false;
            }
            initiators.put(name, theirs + 1);
            sessions++;
            initiator = name;
            endLogin(address);
            return true;
        }

        /// The connection is gone. Harmless when it has left.
        public void leave() {
            if (left) {
                return;
            }
            left = true;
            if (initiator == null) {
                endLogin(address);
            } else {
                sessions--;
                initiators.computeIfPresent(initiator, (_, count) -> count == 1 ? null : count - 1);
            }
            endConnection(address);
        }
    }

    /// A connection came in; null if it has to go, and was not counted.
    public @Nullable Seat enter(InetAddress address) {
        Count count = addresses.get(address);
        boolean full =
                logins >= limits.logins
                        || (count != null
                                && (count.connections >= limits.connectionsPerAddress
                                        || count.logins >= limits.loginsPerAddress));
        if (full) {
            return null;
        }
        Count theirs = addresses.computeIfAbsent(address, _ -> new Count());
        theirs.connections++;
        theirs.logins++;
        logins++;
        return new Seat(address);
    }

    private void endLogin(InetAddress address) {
        logins--;
        addresses.computeIfPresent(
                address,
                (_, count) -> {
                    count.logins--;
                    return count;
                });
    }

    private void endConnection(InetAddress address) {
        addresses.computeIfPresent(
                address,
                (_, count) -> {
                    count.connections--;
                    return count.connections == 0 ? null : count;
                });
    }

    /// Logins under way.
    public int logins() {
        return logins;
    }

    /// Sessions.
    public int sessions() {
        return sessions;
    }
}
