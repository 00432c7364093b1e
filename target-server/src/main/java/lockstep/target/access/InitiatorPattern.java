package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.util.Locale;

/// Which initiator names a rule is for: one name exactly, or every name that starts with what
/// stands before a final `*`. iSCSI names are compared in lower case, as RFC 3722 prepares them.
public record InitiatorPattern(String text) {
    /// Characters of an iSCSI name (RFC 7143 4.2.7.2).
    public static final int NAME_MAX = 223;

    private static final String ANY = "*";

    /// Reads a pattern; null if it is none.
    public static @Nullable InitiatorPattern parse(String text) {
        String lower = text.toLowerCase(Locale.ROOT);
        boolean prefix = lower.endsWith(ANY);
        String name = prefix ? lower.substring(0, lower.length() - 1) : lower;
        boolean started =
                name.startsWith("iqn.") || name.startsWith("eui.") || name.startsWith("naa.");
        boolean named = started || (prefix && name.isEmpty());
        return named && isName(name) ? new InitiatorPattern(lower) : null;
    }

    /// Whether `name` can be part of an initiator's name: visible ASCII or letters beyond, of
    /// bounded length, so that it can stand in a log line.
    public static boolean isName(String name) {
        return name.length() <= NAME_MAX
                && name.chars()
                        .allMatch(c -> (c > ' ' && c < 0x7F && c != '*') || Character.isLetter(c));
    }

    /// Whether the rule is for `initiator`.
    public boolean matches(String initiator) {
        String name = initiator.toLowerCase(Locale.ROOT);
        return isPrefix()
                ? name.startsWith(text.substring(0, text.length() - 1))
                : name.equals(text);
    }

    /// Orders patterns that match one name: the exact one first, then the longer prefix.
    int specificity() {
        return isPrefix() ? text.length() : Integer.MAX_VALUE;
    }

    private boolean isPrefix() {
        return text.endsWith(ANY);
    }

    @Override
    public String toString() {
        return text;
    }
}
