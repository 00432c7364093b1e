package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.blockstore.volume.VolumeSnapshots.Taking;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.RestoreSnapshot;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.TakeSnapshot;

import java.time.Instant;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Snapshots taken, deleted, cloned and gone back to, for an operator. On the core loop; refusals
/// are thrown or complete the answer.
final class SnapshotActions {
    private final Node node;

    SnapshotActions(Node node) {
        this.node = node;
    }

    /// The snapshots of every copy here.
    List<SnapshotView> list() {
        List<SnapshotView> views = new ArrayList<>();
        for (HostedVolume volume : node.volumes().all()) {
            of(volume).forEach(snapshot -> views.add(view(volume, snapshot)));
        }
        return views;
    }

    /// The snapshots that this node's copy of `volume` knows.
    static List<Snapshot> of(HostedVolume volume) {
        ShownVolume shown = volume.open();
        return switch (shown) {
            case ActiveVolume active -> active.snapshots().list();
            case MirrorVolume mirror -> mirror.snapshots();
            case null, default -> List.of();
        };
    }

    private static SnapshotView view(HostedVolume volume, Snapshot snapshot) {
        ActiveVolume active = volume.replica().active();
        List<Integer> clones =
                active == null
                        ? List.of()
                        : active.snapshots().clonesOf(snapshot.identity()).stream()
                                .map(LunRecord::number)
                                .toList();
        return new SnapshotView(
                volume.name(),
                snapshot.lun().number(),
                snapshot.name(),
                snapshot.group().toString(),
                Instant.ofEpochMilli(snapshot.createdMillis()).toString(),
                snapshot.origin(),
                snapshot.isCommitted() ? "kept" : "being taken",
                snapshot.lun().size(),
                Blocks.toBytes(snapshot.unique()),
                Blocks.toBytes(snapshot.shared()),
                clones);
    }

    void take(
            HostedVolume volume,
            TakeSnapshot request,
            CompletableFuture<List<SnapshotView>> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        Taking taking =
                new Taking(
                        request.name(),
                        request.luns(),
                        NodeDisks.newName(),
                        node.core().clock().wallMillis(),
                        "");
        active.snapshots()
                .take(
                        taking,
                        outcome ->
                                end(
                                        outcome,
                                        answer,
                                        () ->
                                                active.snapshots().list().stream()
                                                        .filter(s -> isOf(s, taking))
                                                        .map(s -> view(volume, s))
                                                        .toList()));
    }

    private static boolean isOf(Snapshot snapshot, Taking taking) {
        return snapshot.group().equals(taking.identity());
    }

    void delete(HostedVolume volume, int lun, String name, CompletableFuture<Done> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        Snapshot snapshot = find(volume, active, lun, name);
        active.snapshots()
                .delete(
                        List.of(snapshot.identity()),
                        outcome ->
                                end(
                                        outcome,
                                        answer,
                                        () -> new Done("snapshot " + name + " is deleted")));
    }

    void restore(
            HostedVolume volume,
            int lun,
            String name,
            RestoreSnapshot request,
            CompletableFuture<Done> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        Snapshot snapshot = find(volume, active, lun, name);
        active.snapshots()
                .restore(
                        snapshot.identity(),
                        request.deleteNewer(),
                        outcome ->
                                end(
                                        outcome,
                                        answer,
                                        () ->
                                                new Done(
                                                        "LUN "
                                                                + lun
                                                                + " is what "
                                                                + name
                                                                + " kept")));
    }

    void cloneOne(
            HostedVolume volume,
            int lun,
            String name,
            CloneSnapshot request,
            CompletableFuture<LunView> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        Snapshot snapshot = find(volume, active, lun, name);
        BitSet used = new BitSet();
        active.luns().forEach(known -> used.set(known.record().number()));
        Integer asked = request.number();
        int number = asked == null ? used.nextClearBit(0) : asked;
        if (!LunRecord.isNumber(number)) {
            throw new AdminException(
                    Code.BAD_REQUEST, "a LUN number is 0..255, not " + number, "choose another");
        }
        LunRecord as =
                new LunRecord(
                        number,
                        request.name(),
                        NodeDisks.newName(),
                        snapshot.lun().size(),
                        request.readOnly());
        active.snapshots()
                .cloneAs(
                        snapshot.identity(),
                        as,
                        outcome -> {
                            if (outcome.isDone()) {
                                node.targets().refresh(volume);
                            }
                            end(outcome, answer, () -> lunView(volume, active, number));
                        });
    }

    private LunView lunView(HostedVolume volume, ActiveVolume active, int number) {
        for (Lun lun : active.luns()) {
            if (lun.record().number() == number) {
                return node.views().lun(volume, lun);
            }
        }
        throw VolumeActions.noLun(volume, number);
    }

    private static Snapshot find(HostedVolume volume, ActiveVolume active, int lun, String name) {
        for (Snapshot snapshot : active.snapshots().list()) {
            if (snapshot.lun().number() == lun && snapshot.name().equals(name)) {
                return snapshot;
            }
        }
        throw new AdminException(
                Code.NOT_FOUND,
                "LUN " + lun + " of " + volume.name() + " has no snapshot " + name,
                "`lockstep snapshot list` shows those that are");
    }

    private interface Result<T> {
        T get();
    }

    private static <T> void end(Outcome outcome, CompletableFuture<T> answer, Result<T> result) {
        if (outcome.isDone()) {
            answer.complete(result.get());
        } else {
            answer.completeExceptionally(VolumeActions.notDone(outcome));
        }
    }
}
