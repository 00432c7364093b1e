package lockstep.replication.role;

/// Where a copy stands, in one word that is honest about both link and data.
public enum RoleState {
    /// Being opened after a start.
    OPENING,
    /// The only copy of its volume, serving.
    STANDALONE,
    /// Source after a restart: it waits for its partner's promise or the operator's word and serves
    /// no media command.
    JOINING,
    /// Source, serving; every acknowledged write is on both nodes.
    IN_SYNC,
    /// Source in sync that is about to give the volume to its mirror: nothing new is taken.
    HANDING_OVER,
    /// Source whose mirror is away: nothing new is acknowledged.
    SUSPENDED,
    /// Source, serving without a mirror: after a detach, a takeover, or the operator's word.
    ALONE,
    /// Source, serving; the mirror is being brought up to date and is of no use until then.
    RESYNCING,
    /// Mirror with a link to its source.
    MIRRORING,
    /// Mirror without a link to its source.
    WAITING,
    /// A takeover is under way here.
    TAKING_OVER,
    /// Both copies were active on their own: an operator has to choose one.
    DIVERGED,
    /// Over: two disks of a group, the log, or an image that cannot be read.
    STOPPED
}
