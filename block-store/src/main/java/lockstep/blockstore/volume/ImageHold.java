package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

/// Lets a mirror stay at its image for a moment: what it has received of the next one is committed
/// when the hold is let go. Until then the source begins no other, so every block of the image here
/// stays what it is. Entries are taken all the time.
final class ImageHold {
    private boolean held;
    private long takes;
    private @Nullable Runnable waiting;

    boolean isTaken() {
        return held;
    }

    /// Takes it. What is given lets it go again, as often as it is run, but never what somebody
    /// else has taken since.
    Runnable take() {
        Check.that(!held, "one at a time holds the image");
        held = true;
        long mine = ++takes;
        return () -> {
            if (held && takes == mine) {
                letGo();
            }
        };
    }

    /// Lets go, whoever holds it. What waited runs now.
    void letGo() {
        held = false;
        Runnable next = waiting;
        waiting = null;
        if (next != null) {
            next.run();
        }
    }

    /// Runs `commit`, now or when the hold is let go.
    void commit(Runnable commit) {
        if (held) {
            waiting = commit;
        } else {
            commit.run();
        }
    }
}
