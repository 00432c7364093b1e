package lockstep.target;

import lockstep.target.access.SecretKeys;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.ExportControl;
import lockstep.target.admin.FaultControl;
import lockstep.target.admin.NodeControl;
import lockstep.target.admin.PeerControl;
import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.FaultDisk;
import lockstep.target.admin.model.GrowVolume;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.LocateDisk;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.NodeKeys;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.NodeView;
import lockstep.target.admin.model.PairCompared;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.ReplaceDisk;
import lockstep.target.admin.model.RestoreSnapshot;
import lockstep.target.admin.model.ResyncAll;
import lockstep.target.admin.model.ResyncRate;
import lockstep.target.admin.model.ScheduleView;
import lockstep.target.admin.model.ScrubView;
import lockstep.target.admin.model.SetPolicy;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.SwitchedOver;
import lockstep.target.admin.model.TakeOver;
import lockstep.target.admin.model.TakeSnapshot;
import lockstep.target.admin.model.VolumeView;

import java.io.IOException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.BiConsumer;
import java.util.function.Consumer;

/// What operators ask: each request goes to the core loop, where one of the rooms does it.
final class NodeOperator implements NodeControl {
    private final Node node;
    private final VolumeActions volumes;
    private final PairActions pairs;
    private final DiskActions disks;
    private final GrowActions growth;
    private final SnapshotActions snapshots;
    private final PeerActions peers;
    private final FaultActions faults;
    private final MirrorOperator mirrorUses;
    private final CoreRequests requests;
    private final KeyFile keyFile;

    NodeOperator(Node node, KeyFile keyFile) {
        this.node = node;
        this.keyFile = keyFile;
        this.volumes = new VolumeActions(node);
        this.pairs = new PairActions(node);
        this.disks = new DiskActions(node);
        this.growth = new GrowActions(node, disks);
        this.snapshots = new SnapshotActions(node);
        this.peers = new PeerActions(node);
        this.faults = new FaultActions(node);
        this.mirrorUses = new MirrorOperator(node);
        this.requests = new CoreRequests(node);
    }

    private <T> CompletableFuture<T> onLoop(Consumer<CompletableFuture<T>> action) {
        return requests.onLoop(action);
    }

    private <T> CompletableFuture<T> withVolume(
            String name, BiConsumer<HostedVolume, CompletableFuture<T>> action) {
        return requests.withVolume(name, action);
    }

    @Override
    public CompletableFuture<NodeStatus> status() {
        return onLoop(answer -> answer.complete(node.status()));
    }

    @Override
    public CompletableFuture<NodeView> node() {
        return onLoop(answer -> answer.complete(node.view()));
    }

    @Override
    public CompletableFuture<List<EventView>> events() {
        return CompletableFuture.completedFuture(node.events().list());
    }

    @Override
    public CompletableFuture<List<DiskView>> disks() {
        return onLoop(answer -> answer.complete(node.views().disks()));
    }

    @Override
    public CompletableFuture<Done> replaceDisk(String volume, ReplaceDisk request) {
        return withVolume(volume, (found, answer) -> disks.replace(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> addDisk(String volume, AddDisk request) {
        return withVolume(volume, (found, answer) -> disks.add(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> growVolume(String volume, GrowVolume request) {
        return withVolume(volume, (found, answer) -> growth.grow(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> faultDisk(String volume, FaultDisk request) {
        return withVolume(volume, (found, answer) -> disks.fault(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> locateDisk(LocateDisk request) {
        return onLoop(
                answer ->
                        new DiskLight(node.core().clock(), node.volumes())
                                .blink(
                                        node.disks().named(request.disk()),
                                        request.seconds(),
                                        answer));
    }

    @Override
    public CompletableFuture<List<VolumeView>> volumes() {
        return onLoop(answer -> answer.complete(node.views().volumes()));
    }

    @Override
    public CompletableFuture<List<LunView>> luns() {
        return onLoop(answer -> answer.complete(node.views().luns()));
    }

    @Override
    public CompletableFuture<List<PairView>> pairs() {
        return onLoop(answer -> answer.complete(node.views().pairs()));
    }

    @Override
    public CompletableFuture<VolumeView> createVolume(CreateVolume request) {
        return onLoop(answer -> volumes.create(request, answer));
    }

    @Override
    public CompletableFuture<Done> deleteVolume(String volume) {
        return withVolume(volume, volumes::delete);
    }

    @Override
    public CompletableFuture<Done> deleteMirror(String volume) {
        return withVolume(volume, pairs::deleteMirror);
    }

    @Override
    public CompletableFuture<LunView> createLun(String volume, CreateLun request) {
        return withVolume(volume, (found, answer) -> volumes.createLun(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> deleteLun(String volume, int number, boolean withSnapshots) {
        return withVolume(
                volume, (found, answer) -> volumes.deleteLun(found, number, withSnapshots, answer));
    }

    @Override
    public CompletableFuture<List<SnapshotView>> snapshots() {
        return onLoop(answer -> answer.complete(snapshots.list()));
    }

    @Override
    public CompletableFuture<List<SnapshotView>> takeSnapshot(String volume, TakeSnapshot request) {
        return withVolume(volume, (found, answer) -> snapshots.take(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> deleteSnapshot(String volume, int lun, String name) {
        return withVolume(volume, (found, answer) -> snapshots.delete(found, lun, name, answer));
    }

    @Override
    public CompletableFuture<Done> restoreSnapshot(
            String volume, int lun, String name, RestoreSnapshot request) {
        return withVolume(
                volume, (found, answer) -> snapshots.restore(found, lun, name, request, answer));
    }

    @Override
    public CompletableFuture<LunView> cloneSnapshot(
            String volume, int lun, String name, CloneSnapshot request) {
        return withVolume(
                volume, (found, answer) -> snapshots.cloneOne(found, lun, name, request, answer));
    }

    @Override
    public CompletableFuture<List<ScheduleView>> schedules() {
        return onLoop(answer -> answer.complete(node.schedules().list()));
    }

    @Override
    public CompletableFuture<ScheduleView> setSchedule(String volume, ScheduleView request) {
        return withVolume(volume, (found, answer) -> node.schedules().set(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> removeSchedule(String volume, String name) {
        return withVolume(volume, (found, answer) -> node.schedules().remove(found, name, answer));
    }

    @Override
    public CompletableFuture<VolumeView> createMirror(CreateMirror request) {
        return onLoop(answer -> pairs.createMirror(request, answer));
    }

    @Override
    public CompletableFuture<PairView> createPair(CreatePair request) {
        return withVolume(
                request.volume(), (found, answer) -> pairs.create(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> deletePair(String volume) {
        return withVolume(volume, pairs::delete);
    }

    @Override
    public CompletableFuture<Done> takeOver(String volume, TakeOver request) {
        return withVolume(volume, (found, answer) -> pairs.takeOver(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> setResyncRate(String volume, ResyncRate request) {
        return withVolume(volume, (found, answer) -> pairs.setResyncRate(found, request, answer));
    }

    @Override
    public CompletableFuture<SwitchedOver> switchOver(String volume) {
        return withVolume(volume, pairs::switchOver);
    }

    @Override
    public CompletableFuture<PairCompared> verifyPair(String volume) {
        return withVolume(volume, pairs::verify);
    }

    @Override
    public CompletableFuture<Done> resyncAll(String volume, ResyncAll request) {
        return withVolume(volume, (found, answer) -> pairs.resyncAll(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> setPolicy(String volume, SetPolicy request) {
        return withVolume(volume, (found, answer) -> pairs.setPolicy(found, request, answer));
    }

    @Override
    public CompletableFuture<Done> detach(String volume) {
        return withVolume(volume, pairs::detach);
    }

    @Override
    public CompletableFuture<Done> activate(String volume) {
        return withVolume(volume, pairs::activate);
    }

    @Override
    public CompletableFuture<Done> discard(String volume) {
        return withVolume(volume, pairs::discard);
    }

    @Override
    public CompletableFuture<ScrubView> scrub(String volume) {
        return withVolume(volume, (found, answer) -> answer.complete(node.scrubs().view(found)));
    }

    @Override
    public CompletableFuture<Done> startScrub(String volume) {
        return withVolume(volume, (found, answer) -> answer.complete(node.scrubs().start(found)));
    }

    @Override
    public CompletableFuture<Done> stopScrub(String volume) {
        return withVolume(volume, (found, answer) -> answer.complete(node.scrubs().stop(found)));
    }

    @Override
    public PeerControl peers() {
        return peers;
    }

    @Override
    public ExportControl mirrorUses() {
        return mirrorUses;
    }

    @Override
    public FaultControl faultInjection() {
        return faults;
    }

    @Override
    public CompletableFuture<List<HostView>> hosts() {
        return onLoop(answer -> answer.complete(node.views().hosts()));
    }

    @Override
    public CompletableFuture<HostView> addHost(String volume, AddHost request) {
        SecretKeys keys = request.chapSecret() == null ? keyFile.keys() : neededKeys();
        return withVolume(
                volume, (found, answer) -> node.hosts().add(found, request, keys, answer));
    }

    @Override
    public CompletableFuture<Done> removeHost(String volume, String initiator) {
        return withVolume(volume, (found, answer) -> node.hosts().remove(found, initiator, answer));
    }

    @Override
    public CompletableFuture<HostView> mapLun(
            String volume, int number, String initiator, boolean sees) {
        return withVolume(
                volume,
                (found, answer) -> node.hosts().map(found, number, initiator, sees, answer));
    }

    @Override
    public CompletableFuture<LunView> growLun(String volume, int number, long sizeBytes) {
        return withVolume(
                volume, (found, answer) -> node.hosts().grow(found, number, sizeBytes, answer));
    }

    @Override
    public CompletableFuture<NodeKeys> keys() {
        List<String> texts =
                neededKeys().copies().stream().map(Base64.getEncoder()::encodeToString).toList();
        return CompletableFuture.completedFuture(new NodeKeys(texts));
    }

    @Override
    public CompletableFuture<Done> addKeys(NodeKeys keys) {
        try {
            keyFile.add(keys.keys().stream().map(Base64.getDecoder()::decode).toList());
        } catch (IllegalArgumentException _) {
            throw new AdminException(
                    Code.BAD_REQUEST, "these are no keys", "export them from the other node");
        } catch (IOException failed) {
            throw noKeys(failed);
        }
        return onLoop(
                answer -> {
                    node.refreshTargets();
                    answer.complete(new Done("this node opens what those keys sealed"));
                });
    }

    private SecretKeys neededKeys() {
        try {
            return keyFile.needed();
        } catch (IOException failed) {
            throw noKeys(failed);
        }
    }

    private static AdminException noKeys(IOException failed) {
        return new AdminException(
                Code.INTERNAL,
                "the file of keys cannot be written: " + failed.getMessage(),
                "look at the node's data directory");
    }
}
