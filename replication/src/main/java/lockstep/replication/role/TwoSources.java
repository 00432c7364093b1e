package lockstep.replication.role;

import lockstep.blockstore.base.Epoch;

/// What a source does that meets another one. Both sides judge, each from its own place.
///
/// An epoch counts from when it is open, that is, when an entry of it is in the log. A source that
/// starts notes the epoch that it will ask its mirror for, so that none is asked for twice with
/// different content; if the link is cut then, the mirror never hears of it and may be taken over
/// with one that is no higher. Such a note is void: nothing was acknowledged in it.
final class TwoSources {
    /// What it comes to.
    enum Verdict {
        /// This node stays the source; the other is for its own judgement.
        STAY,
        /// It becomes the other one's mirror. What only it has is kept aside.
        YIELD,
        /// Both have a history of their own, and only an operator can choose.
        DIVERGED
    }

    /// One of them: the epoch of its last entry, the highest it has promised or noted, and whether
    /// it may have acknowledged without the other.
    record Side(Epoch opened, Epoch promised, boolean alone) {
        /// It waits for an epoch, and everything it has acknowledged the other had too.
        private boolean hasOnlyNoted() {
            return !alone && !opened.equals(promised);
        }

        /// It went on where the other stopped.
        private boolean wentOnFrom(Side other) {
            return alone && opened.compareTo(other.opened) >= 0;
        }
    }

    private TwoSources() {}

    static Verdict judge(Side mine, Side theirs) {
        if (mine.hasOnlyNoted() && theirs.wentOnFrom(mine)) {
            return Verdict.YIELD;
        }
        if (theirs.hasOnlyNoted() && mine.wentOnFrom(theirs)) {
            return Verdict.STAY;
        }
        if (mine.promised.diverges(theirs.promised)) {
            return Verdict.DIVERGED;
        }
        if (theirs.promised.compareTo(mine.promised) <= 0) {
            return Verdict.STAY;
        }
        return mine.alone ? Verdict.DIVERGED : Verdict.YIELD;
    }
}
