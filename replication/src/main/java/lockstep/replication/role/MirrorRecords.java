package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.wire.ProtocolViolation;
import lockstep.replication.wire.VolumeMessage;

/// What a mirror records durably of how it stands to its source, each before it says so.
final class MirrorRecords {
    private final Replica replica;

    MirrorRecords(Replica replica) {
        this.replica = replica;
    }

    /// Image `cp` is on the disks. The first whole image ends NO_IMAGE, before the source hears of
    /// it.
    void committed(CpId cp) {
        if (replica.copy().state().sync() == Sync.NO_IMAGE) {
            replica.save(
                    state -> state.as(CopyState.Role.MIRROR, Sync.OUT_OF_SYNC),
                    () -> replica.send(new VolumeMessage.CpCommitted(cp)));
        } else {
            replica.send(new VolumeMessage.CpCommitted(cp));
        }
    }

    /// The source has recorded that it counts on this copy, which holds all that it says.
    void inSync(MirrorVolume volume, VolumeMessage.InSync m) {
        if (volume.end().sequence() < m.position().sequence()) {
            throw new ProtocolViolation("in sync up to an entry that was never sent");
        }
        replica.save(
                state -> state.as(CopyState.Role.MIRROR, Sync.IN_SYNC),
                () -> replica.send(new VolumeMessage.InSyncRecorded(m.epoch())));
    }

    /// The source goes on without this copy, which may just be recording that it is in sync.
    void detached() {
        replica.save(
                state ->
                        state.sync() == Sync.IN_SYNC
                                ? state.as(CopyState.Role.MIRROR, Sync.OUT_OF_SYNC)
                                : state,
                () -> {});
    }
}
