package lockstep.blockstore.disk;

/// What the owner of a volume hears about its disks: for log, metrics and status. Called on the
/// volume's loop; a listener only notes.
public interface DiskEvents {
    /// A member left its group, which goes on without it.
    void memberLost(int group, int slot, String device, String reason);

    /// A group has lost more members than it can: the volume stops.
    void groupLost(int group, String reason);

    /// A disk was put into the place of one that left, and is being rebuilt.
    default void rebuildBegan(int group, int slot, String device) {}

    /// A disk is rebuilt, but for `lostBlocks`, which no disk has any more.
    default void rebuildEnded(int group, int slot, String device, long lostBlocks) {}

    /// A spare could not take the place of a disk that left.
    default void spareFailed(int group, String device, String reason) {}

    /// What lends space to a disk has none left, and its writes wait; or (`out` is false) they go
    /// on.
    default void spaceBelow(int group, int slot, String device, boolean out) {}

    /// A block failed its checksum or could not be read.
    void badBlock(int group, int slot, long dbn, String reason);

    /// A bad block was made good again from its stripe.
    void healed(int group, int slot, long dbn);

    /// A block could not be made good from its stripe.
    void lostBlock(int group, int slot, long dbn);

    /// Hears nothing.
    DiskEvents NONE =
            new DiskEvents() {
                @Override
                public void memberLost(int group, int slot, String device, String reason) {}

                @Override
                public void groupLost(int group, String reason) {}

                @Override
                public void badBlock(int group, int slot, long dbn, String reason) {}

                @Override
                public void healed(int group, int slot, long dbn) {}

                @Override
                public void lostBlock(int group, int slot, long dbn) {}
            };
}
