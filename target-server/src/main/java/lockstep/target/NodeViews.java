package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.ReplicaStatus;
import lockstep.replication.role.ResyncProgress;
import lockstep.replication.role.RoleState;
import lockstep.target.access.AccessTable;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.ResyncView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// What the node shows of itself. On the core loop; answers are values.
final class NodeViews {
    private final DiskViews disks;
    private final NodeVolumes volumes;
    private final NodeTargets targets;
    private final NodeRehearsals rehearsals;

    NodeViews(
            NodeDisks disks, NodeVolumes volumes, NodeTargets targets, NodeRehearsals rehearsals) {
        this.rehearsals = rehearsals;
        this.disks = new DiskViews(disks, volumes);
        this.volumes = volumes;
        this.targets = targets;
    }

    List<DiskView> disks() {
        return disks.disks();
    }

    List<VolumeView> volumes() {
        List<VolumeView> views = new ArrayList<>();
        volumes.all().forEach(volume -> views.add(volume(volume)));
        volumes.refused()
                .forEach(
                        (name, reason) ->
                                views.add(
                                        new VolumeView(
                                                name, "", "", "stopped", "", "", "", 0, 0, 0,
                                                reason, List.of())));
        return views;
    }

    VolumeView volume(HostedVolume volume) {
        ReplicaStatus status = volume.replica().status();
        ActiveVolume active = volume.replica().active();
        long blocks = volume.replica().copy().root().vbnCount();
        long used = active == null ? 0 : active.usage().usedBlocks();
        return new VolumeView(
                volume.name(),
                volume.id().toString(),
                role(status.durable().role()),
                word(status.state()),
                sync(status),
                status.epoch().toString(),
                status.image().toString(),
                Blocks.toBytes(blocks),
                Blocks.toBytes(used),
                blocks,
                reason(volume, status),
                disks.groups(volume));
    }

    private static String reason(HostedVolume volume, ReplicaStatus status) {
        String full = volume.space().isOutOfSpace() ? "no space is left below its disks; " : "";
        return full + (volume.disks().degraded() ? "degraded; " : "") + status.reason();
    }

    private static String role(CopyState.Role role) {
        return switch (role) {
            case STANDALONE -> "standalone";
            case SOURCE -> "source";
            case MIRROR -> "destination";
        };
    }

    private static String word(RoleState state) {
        return state.toString().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// How the mirror stands, as this node knows: what is durable here says more than what goes on.
    static String sync(ReplicaStatus status) {
        return switch (status.durable().sync()) {
            case UNPAIRED -> "unpaired";
            case IN_SYNC -> status.inSync() ? "in-sync" : "out-of-sync";
            case OUT_OF_SYNC ->
                    status.state() == RoleState.RESYNCING
                            ? "resyncing"
                            : status.state() == RoleState.ALONE ? "alone" : "out-of-sync";
            case NO_IMAGE -> "no-image";
        };
    }

    List<LunView> luns() {
        List<LunView> views = new ArrayList<>();
        for (HostedVolume volume : volumes.all()) {
            ActiveVolume active = volume.replica().active();
            if (active != null) {
                active.luns().forEach(lun -> views.add(lun(volume, lun)));
            }
        }
        return views;
    }

    LunView lun(HostedVolume volume, Lun lun) {
        LunRecord record = lun.record();
        ActiveVolume active = volume.replica().active();
        long mapped = active == null ? 0 : active.mappedBlocks(record.number());
        long held = active == null ? 0 : active.snapshots().heldBlocks(record.identity());
        return new LunView(
                volume.name(),
                record.number(),
                record.name(),
                record.identity().toString(),
                record.size(),
                Blocks.toBytes(mapped),
                Blocks.toBytes(held),
                record.readOnly(),
                targets.targetName(volume.name()),
                targets.isScratch(record)
                        ? "scratch"
                        : lun.isServing() ? "serving" : word(volume.replica().status().state()),
                HostViews.whoSees(targets.access(volume.name()), record.number()));
    }

    /// Also those of mirrors, whose secrets this node must be able to open before it needs them.
    List<HostView> hosts() {
        List<HostView> views = new ArrayList<>();
        for (HostedVolume volume : volumes.all()) {
            AccessTable table = targets.access(volume.name());
            table.rules().forEach(rule -> views.add(HostViews.of(volume.name(), rule)));
        }
        return views;
    }

    List<PairView> pairs() {
        List<PairView> views = new ArrayList<>();
        for (HostedVolume volume : volumes.all()) {
            if (volume.peer() != null) {
                views.add(pair(volume));
            }
        }
        return views;
    }

    PairView pair(HostedVolume volume) {
        ReplicaStatus status = volume.replica().status();
        PeerName peer = volume.peer();
        return new PairView(
                volume.name(),
                peer == null ? "" : peer.address(),
                role(status.durable().role()),
                sync(status),
                status.linked(),
                status.backlogBytes(),
                status.epoch().toString(),
                PairStandings.of(
                        status,
                        volume.replica().policy(),
                        sync(status),
                        volume.replica().copy().loop().clock().wallMillis(),
                        ZoneId.systemDefault()),
                resync(status.resync()),
                rehearsals.last(volume));
    }

    private static @Nullable ResyncView resync(ResyncProgress progress) {
        return !progress.isUnderWay()
                ? null
                : new ResyncView(
                        progress.phase().toLowerCase(Locale.ROOT).replace('_', '-'),
                        progress.full(),
                        progress.round(),
                        progress.blocks(),
                        progress.bytes(),
                        progress.bytesPerSecond(),
                        progress.limit(),
                        progress.percent(),
                        progress.secondsLeft(),
                        progress.stalled());
    }
}
