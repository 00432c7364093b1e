package lockstep.replication.role;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.NullUnmarked;

import java.util.function.UnaryOperator;

/// What bugs do instead, with what only this package sees.
@NullUnmarked
final class RoleMistakes {
    private RoleMistakes() {}

    /// Acts first and records it afterwards.
    public static void actThenSave(
            Replica replica, UnaryOperator<CopyState> change, Runnable done) {
        done.run();
        replica.save(change, () -> {});
    }

    /// Says that it has stored what it has only received.
    public static void takeAndSay(
            MirrorVolume volume, VolumeMessage.Entries entries, MirrorRole role) {
        Intake.entries(volume, entries);
        Position end = volume.end();
        role.stored(end);
    }

    /// Does not wait until the lease is over.
    public static void atOnce(Takeover takeover, Runnable next) {
        next.run();
    }
}
