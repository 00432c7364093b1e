package lockstep.replication.role;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

/// What a copy is used as. Only the fields that a role has can be touched in it.
sealed interface Role permits MirrorRole, Opening, SourceRole, Stopped {
    RoleState state();

    String reason();

    /// The active volume, if this role has one.
    default @Nullable ActiveVolume active() {
        return null;
    }

    /// What hosts may see here although it is not served here; null if this role has nothing to
    /// show.
    default @Nullable ShownVolume shown() {
        return null;
    }

    /// The end of the log as this role knows it.
    default Position end() {
        return Position.NONE;
    }

    default ResyncProgress progress() {
        return ResyncProgress.NONE;
    }

    default long backlogBytes() {
        return 0;
    }

    default PairPolicy policy() {
        return PairPolicy.STRICT;
    }

    default Exposed exposed() {
        return Exposed.NOT;
    }

    /// The last image that is known to be equal on both sides; [CpId#NONE] if none was compared.
    default CpId equalAt() {
        return CpId.NONE;
    }

    /// Consistency points that differed.
    default long differences() {
        return 0;
    }

    /// Since when it stands to its mirror as it does, in milliseconds since 1970; 0 if not known.
    default long sinceMillis() {
        return 0;
    }

    /// Whether this copy is the mirror, or becomes it now, because of a switchover.
    default boolean hasHandedOver() {
        return false;
    }

    default void linkUp() {}

    default void linkLost(String why) {}

    /// The partner's copy of this volume has stopped or is gone; its link is up.
    default void partnerStopped(String why) {}

    default void writable() {}

    /// What this node keeps of its log for this copy, if it is a mirror.
    default void logQuota(long bytes) {}

    default void partnerSays(VolumeMessage.CopyStatus status) {}

    /// Disks have joined this copy.
    default void roomGrew() {}

    default void received(VolumeMessage message) {}
}
