package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;

/// A change of snapshots: its entry is the last of its half. [CpDriver] says when.
interface Boundary {
    /// What became of it.
    enum Answer {
        /// Its entry is in the log.
        LOGGED,
        /// It was refused, and whoever asked knows.
        REFUSED,
        /// The log has no room before the next consistency point.
        LATER
    }

    /// Nothing is under way or in doubt, and nothing else comes between this and the freezing.
    Answer log();

    /// It will not be made.
    void refused(Outcome outcome);
}
