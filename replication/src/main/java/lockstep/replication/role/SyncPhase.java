package lockstep.replication.role;

/// How far a source is with its mirror.
enum SyncPhase {
    /// Nothing is under way: there is no partner, or no link, or no answer yet.
    APART,
    /// The partner is asked to promise an epoch.
    OPENING_EPOCH,
    /// The partner is asked to record durably that it is out of sync.
    ASKING,
    /// An image is sent, as the difference to the one the mirror has. Writes go on; a later round
    /// sends what changed meanwhile.
    COPYING,
    /// The last difference is sent while entries go live already.
    JOINING_LOG,
    /// Everything is on its way; answers wait for both legs; the mirror still lacks entries.
    CATCHING_UP,
    /// In sync is being recorded, here first.
    RECORDING,
    /// In sync.
    LIVE
}
