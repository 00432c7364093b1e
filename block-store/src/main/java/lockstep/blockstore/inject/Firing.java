package lockstep.blockstore.inject;

import lockstep.blockstore.base.Check;

/// When a fault happens, of all the times at which it could: the first `skip` pass, of the others
/// one in `oneIn` on average, until it has happened `count` times (0: no end).
public record Firing(long skip, int oneIn, long count) {
    /// Each time.
    public static final Firing ALWAYS = new Firing(0, 1, 0);

    /// The first time.
    public static final Firing ONCE = new Firing(0, 1, 1);

    public Firing {
        Check.that(skip >= 0 && oneIn >= 1 && count >= 0, "a firing is a rule");
    }

    @Override
    public String toString() {
        String times = count == 0 ? "always" : count == 1 ? "once" : count + " times";
        StringBuilder text = new StringBuilder(times);
        if (oneIn > 1) {
            text.append(", one in ").append(oneIn);
        }
        if (skip > 0) {
            text.append(", after ").append(skip);
        }
        return text.toString();
    }
}
