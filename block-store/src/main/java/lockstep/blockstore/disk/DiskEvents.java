package lockstep.blockstore.disk;

/// What the owner of a volume hears about its disks: for log, metrics and status. Called on the
/// volume's loop; a listener only notes.
public interface DiskEvents {
    /// A member left its group, which goes on without it.
    void memberLost(int group, int slot, String device, String reason);

    /// A group has lost more members than it can: the volume stops.
    void groupLost(int group, String reason);

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
