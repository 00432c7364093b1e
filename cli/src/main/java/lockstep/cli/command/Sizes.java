package lockstep.cli.command;

import java.util.Locale;

/// Sizes as people write them: bytes, or with k, m, g, t for powers of 1024 (`KiB` and `kb` alike).
public final class Sizes {
    private static final String UNITS = "kmgtp";

    private Sizes() {}

    /// The bytes that `text` means.
    public static long parse(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT).replaceAll("i?b$", "");
        int unit = lower.isEmpty() ? -1 : UNITS.indexOf(lower.charAt(lower.length() - 1));
        String digits = unit < 0 ? lower : lower.substring(0, lower.length() - 1).strip();
        try {
            long number = Long.parseLong(digits);
            if (number >= 0) {
                return Math.multiplyExact(number, 1L << (10 * (unit + 1)));
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a size like 4k or 10g", e);
        }
        throw new IllegalArgumentException("'" + text + "' is not a size like 4k or 10g");
    }

    /// `bytes` in the largest unit that keeps it readable.
    public static String show(long bytes) {
        int unit = 0;
        double value = bytes;
        while (value >= 1024 && unit < UNITS.length()) {
            value /= 1024;
            unit++;
        }
        if (unit == 0) {
            return bytes + " B";
        }
        String format = value == Math.rint(value) ? "%.0f %siB" : "%.1f %siB";
        String name = UNITS.substring(unit - 1, unit).toUpperCase(Locale.ROOT);
        return String.format(Locale.ROOT, format, value, name);
    }
}
