package lockstep.replication.role;

/// Where a takeover is. Each stage can be done again after a crash in it.
public enum TakeoverStage {
    /// May this mirror be activated? Nothing has changed yet.
    JUDGING,
    /// A higher epoch is promised durably: the old source gets no acknowledgement any more. The
    /// lease that was granted to it runs out.
    FENCING,
    /// What was received of an unfinished consistency point is dropped.
    ROLLING_BACK,
    /// The log behind the image is replayed.
    REPLAYING,
    /// The volume serves here.
    SERVING;

    /// The event that tells that a takeover is here.
    public String event() {
        return "takeover: " + this;
    }
}
