package lockstep.blockstore.base;

/// The always-on assertion. A failed check is a broken invariant of ours, never bad input and never
/// a failing device: those have forms of their own.
public final class Check {
    private Check() {}

    /// Throws [BrokenInvariant] unless `condition` holds.
    public static void that(boolean condition, String invariant) {
        if (!condition) {
            throw new BrokenInvariant(invariant);
        }
    }

    /// As [#that(boolean, String)], with two numbers that say what was seen; costs nothing when it
    /// holds.
    public static void that(boolean condition, String invariant, long first, long second) {
        if (!condition) {
            throw new BrokenInvariant(invariant + " [" + first + ", " + second + "]");
        }
    }
}
