package lockstep.replication.role;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeSnapshots;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// The snapshots of a volume that nodes show to hosts beside it, a mirror most of all: each node
/// knows its own, and the mirror tells the source, which deletes none of them. It also takes one
/// when the mirror asks.
///
/// This is a courtesy and not what keeps reads right: a source that was started anew may delete a
/// snapshot before it has heard. Then the mirror's reads end with the entry that says so
/// ([lockstep.blockstore.volume.KeptSnapshots]). What the partner shows counts while it is there or
/// is counted on: nobody waits for a mirror that is gone for good.
public final class ShownSnapshots {
    private static final Refusal NO_LINK =
            new Refusal(
                    "the source is not linked, or too old to take a snapshot for its mirror",
                    "name one that the mirror has");

    private final Replica replica;
    private final Map<UUID, Consumer<@Nullable Refusal>> wanted = new HashMap<>();
    private Set<UUID> here = Set.of();
    private Set<UUID> there = Set.of();

    ShownSnapshots(Replica replica) {
        this.replica = replica;
    }

    /// Those of the volume of `replica`.
    public static ShownSnapshots of(Replica replica) {
        return replica.shownSnapshots;
    }

    /// This node shows exactly `snapshots` from now on.
    public void show(Set<UUID> snapshots) {
        if (!here.equals(snapshots)) {
            here = new LinkedHashSet<>(snapshots);
            tell();
        }
    }

    /// Lets the source of this mirror take a snapshot of all LUNs, as a group of identity `group`;
    /// `done` gets null when the entry that says so is durable on both sides.
    public void take(UUID group, String name, Consumer<@Nullable Refusal> done) {
        if (!speaks()) {
            done.accept(NO_LINK);
        } else {
            wanted.put(group, done);
            replica.send(new VolumeMessage.SnapshotWanted(group, name));
        }
    }

    /// Tells the source, if this is its mirror.
    void tell() {
        if (replica.copy().state().role() == CopyState.Role.MIRROR && speaks()) {
            replica.send(new VolumeMessage.SnapshotsShown(List.copyOf(here)));
        }
    }

    private boolean speaks() {
        PeerLink link = replica.link();
        return link != null && link.speaks(ProtocolVersion.V4);
    }

    void linkLost() {
        List<Consumer<@Nullable Refusal>> waiting = List.copyOf(wanted.values());
        wanted.clear();
        waiting.forEach(one -> one.accept(NO_LINK));
    }

    /// Why `snapshot` is to stay; null if nobody here knows a reason.
    @Nullable String whyKept(UUID snapshot) {
        if (here.contains(snapshot)) {
            return "is shown to hosts by this node (`lockstep mirror unexport`)";
        }
        boolean counts =
                replica.link() != null || replica.copy().state().sync() == CopyState.Sync.IN_SYNC;
        return counts && there.contains(snapshot)
                ? "is shown to hosts by the mirror (`lockstep mirror unexport` there)"
                : null;
    }

    /// Takes what is about this; false if `message` is not.
    boolean received(VolumeMessage message) {
        switch (message) {
            case VolumeMessage.SnapshotWanted m -> take(m);
            case VolumeMessage.SnapshotTaken m -> {
                Consumer<@Nullable Refusal> asked = wanted.remove(m.group());
                if (asked != null) {
                    asked.accept(
                            m.refusal().isEmpty()
                                    ? null
                                    : new Refusal(
                                            "the source took no snapshot: " + m.refusal(),
                                            "see to that, then try again"));
                }
            }
            case VolumeMessage.SnapshotsShown m -> there = new LinkedHashSet<>(m.snapshots());
            default -> {
                return false;
            }
        }
        return true;
    }

    private void take(VolumeMessage.SnapshotWanted m) {
        ActiveVolume active = replica.active();
        if (active == null) {
            replica.send(new VolumeMessage.SnapshotTaken(m.group(), "it is not active there"));
            return;
        }
        VolumeSnapshots.Taking taking =
                new VolumeSnapshots.Taking(
                        m.name(),
                        List.of(),
                        m.group(),
                        active.loop().clock().wallMillis(),
                        /* origin= */ "");
        active.snapshots()
                .take(
                        taking,
                        outcome -> {
                            String why = outcome.isDone() ? "" : outcome.toString();
                            replica.send(new VolumeMessage.SnapshotTaken(m.group(), why));
                        });
    }
}
