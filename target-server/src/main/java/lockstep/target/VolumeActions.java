package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.RoleState;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.util.BitSet;
import java.util.concurrent.CompletableFuture;

/// Volumes and LUNs made and deleted for an operator. On the core loop; refusals are thrown or
/// complete the answer.
final class VolumeActions {
    private static final long LOOK_NANOS = 2_000_000;

    private final Node node;

    VolumeActions(Node node) {
        this.node = node;
    }

    void create(CreateVolume request, CompletableFuture<VolumeView> answer) {
        checkNewName(node, request.name());
        var groups = node.disks().choose(request.groups(), request.automatic());
        VolumeId id = VolumeId.of(NodeDisks.newName());
        var beginning = new NodeVolumes.Beginning(id, request.name(), 0, CopyState.standalone());
        node.volumes()
                .create(beginning, groups, (volume, problem) -> made(volume, problem, answer));
    }

    /// Starts a volume that was just made and answers with it.
    void made(@Nullable HostedVolume volume, String problem, CompletableFuture<VolumeView> answer) {
        if (volume == null) {
            answer.completeExceptionally(
                    new AdminException(
                            Code.INTERNAL,
                            "the volume could not be made: " + problem,
                            "check the disks and try again"));
            return;
        }
        node.begin(volume);
        answerOnceOpen(volume, answer);
    }

    // Whoever asked goes on with it at once, so it is answered when it can be used.
    private void answerOnceOpen(HostedVolume volume, CompletableFuture<VolumeView> answer) {
        RoleState state = volume.replica().status().state();
        if (state == RoleState.OPENING || state == RoleState.JOINING) {
            node.core().clock().schedule(LOOK_NANOS, () -> answerOnceOpen(volume, answer));
        } else {
            answer.complete(node.views().volume(volume));
        }
    }

    static void checkNewName(Node node, String name) {
        if (!name.matches("[a-z0-9][a-z0-9.-]{0,62}")) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "'" + name + "' is no name for a volume: it becomes part of iSCSI names",
                    "use lower-case letters, digits, '.' and '-'");
        }
        if (node.volumes().find(name) != null || node.volumes().refused().containsKey(name)) {
            throw new AdminException(
                    Code.EXISTS, "there is a volume " + name + " already", "choose another name");
        }
    }

    void delete(HostedVolume volume, CompletableFuture<Done> answer) {
        if (volume.peer() != null) {
            throw new AdminException(
                    Code.REFUSED,
                    volume.name() + " is mirrored",
                    "delete its pair first; a mirror copy is deleted with --mirror-copy");
        }
        ActiveVolume active = active(volume);
        if (!active.luns().isEmpty()) {
            throw new AdminException(
                    Code.REFUSED, volume.name() + " has LUNs", "delete its LUNs first");
        }
        node.targets().drop(volume.name());
        active.retire("the volume is deleted", () -> forget(volume, answer));
    }

    /// Erases the labels of a volume that nothing uses any more.
    void forget(HostedVolume volume, CompletableFuture<Done> answer) {
        node.letGo(volume, () -> erase(volume, answer));
    }

    private void erase(HostedVolume volume, CompletableFuture<Done> answer) {
        node.volumes()
                .erase(
                        volume,
                        problem -> {
                            if (problem == null) {
                                node.log().forget(volume.id(), _ -> {});
                                answer.complete(new Done(volume.name() + " is deleted"));
                            } else {
                                answer.completeExceptionally(
                                        new AdminException(
                                                Code.INTERNAL,
                                                "a label could not be erased: " + problem,
                                                "check the disks"));
                            }
                        });
    }

    void createLun(HostedVolume volume, CreateLun request, CompletableFuture<LunView> answer) {
        ActiveVolume active = active(volume);
        BitSet used = new BitSet();
        active.luns().forEach(lun -> used.set(lun.record().number()));
        Integer asked = request.number();
        int number = asked == null ? used.nextClearBit(0) : asked;
        if (number < 0 || number >= LunRecord.NUMBERS) {
            throw new AdminException(
                    Code.BAD_REQUEST, "a LUN number is 0..255, not " + number, "choose another");
        }
        if (used.get(number)) {
            throw new AdminException(
                    Code.EXISTS, "there is a LUN " + number + " already", "choose another number");
        }
        checkSize(volume, request.sizeBytes());
        LunRecord record =
                new LunRecord(number, request.name(), NodeDisks.newName(), request.sizeBytes());
        active.putLun(
                record,
                outcome -> {
                    if (outcome instanceof Outcome.Done) {
                        node.targets().refresh(volume);
                        answerLun(volume, number, answer);
                    } else {
                        answer.completeExceptionally(notDone(outcome));
                    }
                });
    }

    static void checkSize(HostedVolume volume, long bytes) {
        long most = Blocks.toBytes(volume.replica().copy().root().vbnCount()) * 64;
        if (bytes > most) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "a LUN of " + bytes + " bytes is out of all proportion",
                    "stay below 64 times the size of the volume");
        }
    }

    static AdminException noLun(HostedVolume volume, int number) {
        return new AdminException(
                Code.NOT_FOUND,
                volume.name() + " has no LUN " + number,
                "`lockstep lun list` shows its LUNs");
    }

    private void answerLun(HostedVolume volume, int number, CompletableFuture<LunView> answer) {
        for (Lun lun : active(volume).luns()) {
            if (lun.record().number() == number) {
                answer.complete(node.views().lun(volume, lun));
            }
        }
    }

    void deleteLun(
            HostedVolume volume,
            int number,
            boolean withSnapshots,
            CompletableFuture<Done> answer) {
        LunRecord record = null;
        for (Lun lun : active(volume).luns()) {
            record = lun.record().number() == number ? lun.record() : record;
        }
        if (record == null) {
            throw noLun(volume, number);
        }
        if (node.targets().isScratch(record)) {
            throw new AdminException(
                    Code.REFUSED,
                    "LUN " + number + " takes the writes of a test clone",
                    "`lockstep mirror unexport` ends the clone and deletes it");
        }
        node.hosts()
                .forget(
                        volume,
                        number,
                        failure -> {
                            if (failure == null) {
                                deleteForgotten(volume, number, withSnapshots, answer);
                            } else {
                                answer.completeExceptionally(failure);
                            }
                        });
    }

    private void deleteForgotten(
            HostedVolume volume,
            int number,
            boolean withSnapshots,
            CompletableFuture<Done> answer) {
        active(volume)
                .snapshots()
                .deleteLun(
                        number,
                        withSnapshots,
                        outcome -> {
                            if (outcome instanceof Outcome.Done) {
                                node.targets().refresh(volume);
                                answer.complete(new Done("LUN " + number + " is deleted"));
                            } else {
                                answer.completeExceptionally(notDone(outcome));
                            }
                        });
    }

    static AdminException notDone(Outcome outcome) {
        if (outcome instanceof Outcome.Refused(String why)) {
            return new AdminException(
                    Code.REFUSED,
                    why,
                    "`lockstep snapshot list` and `lockstep lun list` show what there is;"
                            + " see the command's --help for its options");
        }
        return new AdminException(
                Code.UNAVAILABLE,
                "the volume does not take it now: " + outcome,
                "look at `lockstep status`; if the mirror is away, bring it back or detach it");
    }

    static ActiveVolume active(HostedVolume volume) {
        ActiveVolume active = volume.replica().active();
        if (active == null || active.service() == ActiveVolume.Service.STOPPED) {
            throw new AdminException(
                    Code.REFUSED,
                    volume.name() + " is not active on this node",
                    "ask the node that serves it");
        }
        return active;
    }
}
