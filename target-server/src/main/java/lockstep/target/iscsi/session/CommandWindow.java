package lockstep.target.iscsi.session;

import org.jspecify.annotations.Nullable;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/// The order of commands in a session, by CmdSN (RFC 7143 4.2.2.1).
///
/// A command is delivered when all before it were. One outside the window `[ExpCmdSN, MaxCmdSN]`,
/// or seen before, is ignored. One that is early waits; the window bounds how many can. MaxCmdSN
/// leaves room only for as many commands as are not under way, and never goes back, so a host can
/// neither queue without end nor be told to withdraw. Numbers are 32 bits and wrap: compared by
/// difference.
final class CommandWindow<T> {
    private final int size;
    private final Map<Integer, Optional<T>> early = new LinkedHashMap<>();
    private int expected;
    private int highest;

    /// A window of `size` commands that starts at `first`.
    CommandWindow(int size, int first) {
        this.size = size;
        this.expected = first;
        this.highest = first + size - 1;
    }

    /// Whether a command with `number` would be taken.
    boolean accepts(int number) {
        return number - expected >= 0 && highest - number >= 0 && !early.containsKey(number);
    }

    /// Puts an accepted command in its place; call [#next] until it gives null.
    void put(int number, T command) {
        early.put(number, Optional.of(command));
    }

    /// Counts `number` as received although it never came: its task was aborted before. Gives the
    /// command back if it was waiting.
    @Nullable T abandon(int number) {
        if (number - expected < 0 || highest - number < 0) {
            return null;
        }
        Optional<T> waiting = early.put(number, Optional.empty());
        return waiting == null ? null : waiting.orElse(null);
    }

    /// The next command in order; null if it has not come.
    @Nullable T next() {
        while (true) {
            Optional<T> command = early.remove(expected);
            if (command == null) {
                return null;
            }
            expected++;
            if (command.isPresent()) {
                return command.get();
            }
        }
    }

    /// Takes out everything that waits.
    Iterable<T> drain() {
        Iterable<T> all = early.values().stream().flatMap(Optional::stream).toList();
        early.clear();
        return all;
    }

    /// ExpCmdSN.
    int expected() {
        return expected;
    }

    /// MaxCmdSN while `underWay` commands are not answered.
    int highest(int underWay) {
        int candidate = expected + size - 1 - Math.min(underWay, size);
        if (candidate - highest > 0) {
            highest = candidate;
        }
        return highest;
    }
}
