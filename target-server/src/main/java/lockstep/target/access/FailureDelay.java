package lockstep.target.access;

import java.util.LinkedHashMap;
import java.util.Map;

/// Slows down who guesses secrets. Each failed login doubles how long the next one of the same
/// initiator name, or from the same address, waits for its answer, right or wrong; time forgives a
/// failure every six seconds. Nobody is locked out: a host that knows its secret waits for at most
/// [#MOST_NANOS], however often others failed in its name. Together with the bound on logins under
/// way it limits the guesses of an address.
final class FailureDelay {
    /// The longest wait.
    static final long MOST_NANOS = 4_000_000_000L;

    /// Names and addresses that are remembered; the longest forgotten goes first.
    static final int REMEMBERED_MAX = 4096;

    private static final long FIRST_NANOS = 125_000_000L;
    private static final long FORGIVEN_NANOS = 6_000_000_000L;
    private static final int COUNT_MAX = 10;

    private record Failures(int count, long sinceNanos) {
        /// Failures that are not forgiven at `now`.
        int left(long now) {
            return (int) Math.max(0, count - (now - sinceNanos) / FORGIVEN_NANOS);
        }
    }

    private final Map<String, Failures> failures =
            new LinkedHashMap<>(16, 0.75f, true) {
                private static final long serialVersionUID = 1L;

                @Override
                protected boolean removeEldestEntry(Map.Entry<String, Failures> eldest) {
                    return size() > REMEMBERED_MAX;
                }
            };

    /// How long an answer to `standing` waits.
    long nanos(Standing standing, long now) {
        int count = Math.max(left(name(standing), now), left(address(standing), now));
        return count == 0 ? 0 : Math.min(MOST_NANOS, FIRST_NANOS << (count - 1));
    }

    /// `standing` has failed.
    void failed(Standing standing, long now) {
        for (String key : new String[] {name(standing), address(standing)}) {
            failures.put(key, new Failures(Math.min(COUNT_MAX, left(key, now) + 1), now));
        }
    }

    private int left(String key, long now) {
        Failures known = failures.get(key);
        return known == null ? 0 : known.left(now);
    }

    private static String name(Standing standing) {
        return "n " + standing.initiator();
    }

    private static String address(Standing standing) {
        return "a " + standing.address().getHostAddress();
    }

    int remembered() {
        return failures.size();
    }
}
