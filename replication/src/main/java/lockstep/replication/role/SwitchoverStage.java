package lockstep.replication.role;

/// Where a switchover is, on the node that gives the volume away.
public enum SwitchoverStage {
    /// Consistency points are made, so that the last one will be short. The volume serves.
    PREPARING,
    /// Nothing new is sequenced; what was is finished, and one more consistency point takes it in.
    DRAINING,
    /// Both copies are equal. The partner's epoch and this copy's new role become durable here:
    /// from here on only the partner can go on.
    PROMISING,
    /// This copy is the mirror. The partner has been told, or will be with the next link.
    HANDED_OVER,
    /// The partner has been heard in its new epoch.
    SERVED;

    /// The event that tells that a switchover is here.
    public String event() {
        return "switchover: " + this;
    }
}
