package lockstep.replication.role;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// Whether a volume may become larger. The rule: the size that a root tells is never more than the
/// disks of either copy hold, so whichever copy becomes active, or the mirror of the other, can go
/// on. Hence the order in which an operator makes a mirrored volume larger:
///
/// 1. disks join the mirror's copy, on its own node: its room grows, the volume does not;
/// 2. disks join the source's copy; its next consistency point tells the new size, and the mirror
///    gets that with the rest of the image.
///
/// The mirror says how much room it has in [VolumeMessage.CopyStatus], when the link comes up and
/// when that changes. As it never has less later, what it said holds. While it is away nobody knows
/// which mirror comes back, so nothing grows. A volume never becomes larger by itself: disks that
/// joined and whose size no root tells yet, because a crash came in between or because they were
/// the mirror's, wait for [#finish].
public final class Growth {
    private final Replica replica;

    /// Of the copy that is here.
    public Growth(Replica replica) {
        this.replica = replica;
    }

    /// Why `vbns` more must not join this copy; null if they may.
    public @Nullable Refusal problem(long vbns) {
        return switch (replica.copy().state().role()) {
            case MIRROR -> null;
            case STANDALONE -> ofActive();
            case SOURCE -> {
                Refusal problem = ofActive();
                yield problem != null ? problem : ofMirror(vbns);
            }
        };
    }

    private @Nullable Refusal ofActive() {
        ActiveVolume active = replica.active();
        return active != null && active.isServing()
                ? null
                : new Refusal(
                        "the volume does not serve now",
                        "make it larger when it does: `lockstep volume show` tells why not");
    }

    private @Nullable Refusal ofMirror(long vbns) {
        VolumeMessage.CopyStatus mirror = replica.heard();
        if (replica.link() == null || mirror == null) {
            return new Refusal(
                    "the mirror is away, and only it can say how much its disks hold",
                    "bring its node back, or give the mirror up: `lockstep pair delete`");
        }
        long wanted = replica.copy().space().size() + vbns;
        if (mirror.vbnCount() >= wanted) {
            return null;
        }
        return new Refusal(
                "the mirror's disks hold "
                        + Blocks.toBytes(mirror.vbnCount())
                        + " bytes, and "
                        + Blocks.toBytes(wanted)
                        + " are needed",
                "grow the mirror's copy first, by the same commands on its own node");
    }

    /// Disks have joined this copy. The volume takes them into use; the mirror's copy only tells
    /// its source. `done` is told the size then, in bytes, or why it is what it was.
    public void finish(Consumer<Result> done) {
        if (replica.copy().state().role() == CopyState.Role.MIRROR) {
            replica.roomGrew();
            done.accept(new Result.Room(Blocks.toBytes(replica.copy().space().size())));
            return;
        }
        Refusal problem = problem(0);
        ActiveVolume active = replica.active();
        if (problem != null || active == null) {
            done.accept(new Result.Refused(problem == null ? Refusal.NO_SOURCE_HERE : problem));
            return;
        }
        replica.copy().useAllBlocks();
        active.checkpoint(
                () ->
                        done.accept(
                                new Result.Grown(Blocks.toBytes(active.copy().root().vbnCount()))));
    }

    /// How [#finish] ends.
    public sealed interface Result {
        /// The volume has so many bytes.
        record Grown(long bytes) implements Result {}

        /// The mirror's copy has room for so many.
        record Room(long bytes) implements Result {}

        /// The disks have joined, and the volume is as large as it was.
        record Refused(Refusal why) implements Result {}
    }
}
