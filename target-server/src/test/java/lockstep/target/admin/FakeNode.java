package lockstep.target.admin;

import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.DiskView;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.FaultDisk;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.LocateDisk;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.NodeKeys;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.NodeView;
import lockstep.target.admin.model.PairStanding;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.RebuildView;
import lockstep.target.admin.model.ReplaceDisk;
import lockstep.target.admin.model.ScrubView;
import lockstep.target.admin.model.TakeOver;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// A node of the tests' own: four disks, volumes and LUNs that are lists, and a takeover that is
/// refused without force. `asked` records what came in.
public final class FakeNode extends FakeResync implements NodeControl {
    private static final String ID = "00000000-0000-0000-0000-000000000001";
    private static final PairStanding STANDING =
            new PairStanding("strict", 0, 0, 5, 90, 7, 8192, "loss", "connected, resyncing");

    private final List<VolumeView> volumes = new ArrayList<>();
    private final List<LunView> luns = new ArrayList<>();
    private final List<PairView> pairs = new ArrayList<>();
    private final List<HostView> hosts = new ArrayList<>();

    /// Keys, as they would be handed out.
    public final List<String> keys = new ArrayList<>();

    /// The last rule that was asked for, with its secrets.
    public @Nullable AddHost lastHost;

    @Override
    public synchronized CompletableFuture<NodeStatus> status() {
        return done(faults.status(volumes, pairs));
    }

    @Override
    public synchronized CompletableFuture<NodeView> node() {
        return done(new NodeView("fake", ID, "1f", "127.0.0.1:3262"));
    }

    @Override
    public synchronized CompletableFuture<List<EventView>> events() {
        return done(List.of(new EventView("12:00:00", "d0", "disk d0 is back")));
    }

    @Override
    public synchronized CompletableFuture<List<DiskView>> disks() {
        List<DiskView> disks = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            disks.add(disk(i, "free", null));
        }
        disks.add(disk(4, "rebuilding", new RebuildView(50, 100, 8192, 0, 1 << 20, 9)));
        return done(disks);
    }

    private static DiskView disk(int number, String state, @Nullable RebuildView rebuild) {
        return new DiskView(
                "d" + number,
                "/disks/d" + number,
                1 << 30,
                state,
                rebuild == null ? null : "v",
                rebuild == null ? null : 0,
                rebuild == null ? null : number,
                rebuild == null ? "" : "50.0%, 9 s left",
                0,
                rebuild == null ? 0 : 3,
                rebuild);
    }

    @Override
    public synchronized CompletableFuture<Done> replaceDisk(String volume, ReplaceDisk request) {
        asked.add("replaceDisk " + volume + " " + request);
        return ifKnown(volume, () -> new Done("group 0 slot 2 is rebuilt onto " + request.disk()));
    }

    @Override
    public synchronized CompletableFuture<Done> addDisk(String volume, AddDisk request) {
        asked.add("addDisk " + volume + " " + request);
        return ifKnown(volume, () -> new Done(request.disk() + " is a spare of " + volume));
    }

    @Override
    public synchronized CompletableFuture<Done> faultDisk(String volume, FaultDisk request) {
        asked.add("faultDisk " + volume + " " + request);
        return ifKnown(volume, () -> new Done("it is taken out"));
    }

    @Override
    public synchronized CompletableFuture<Done> locateDisk(LocateDisk request) {
        asked.add("locateDisk " + request);
        return done(new Done(request.disk() + " blinks"));
    }

    @Override
    public synchronized CompletableFuture<List<VolumeView>> volumes() {
        return done(List.copyOf(volumes));
    }

    @Override
    public synchronized CompletableFuture<List<LunView>> luns() {
        return done(List.copyOf(luns));
    }

    @Override
    public synchronized CompletableFuture<List<PairView>> pairs() {
        return done(List.copyOf(pairs));
    }

    @Override
    public synchronized CompletableFuture<VolumeView> createVolume(CreateVolume request) {
        asked.add("createVolume " + request);
        if (volumes.stream().anyMatch(v -> v.name().equals(request.name()))) {
            return refuse(Code.EXISTS, "volume " + request.name() + " exists", "take another name");
        }
        List<VolumeView.GroupView> groups = new ArrayList<>();
        for (List<String> disks : request.groups()) {
            groups.add(new VolumeView.GroupView(groups.size(), "healthy", disks));
        }
        VolumeView made = volume(request.name(), "standalone", groups);
        volumes.add(made);
        return done(made);
    }

    private static VolumeView volume(String name, String role, List<VolumeView.GroupView> groups) {
        return new VolumeView(
                name,
                ID,
                role,
                "serving",
                "alone",
                "1@1",
                "cp 1",
                3L << 30,
                1 << 20,
                (3L << 30) / 4096,
                "",
                groups);
    }

    @Override
    public synchronized CompletableFuture<VolumeView> createMirror(CreateMirror request) {
        asked.add("createMirror " + request);
        VolumeView made = volume(request.name(), "destination", List.of());
        volumes.add(made);
        return done(made);
    }

    @Override
    public synchronized CompletableFuture<Done> deleteVolume(String volume) {
        asked.add("deleteVolume " + volume);
        return ifKnown(
                volume,
                () -> {
                    volumes.removeIf(v -> v.name().equals(volume));
                    return new Done("volume " + volume + " is deleted");
                });
    }

    @Override
    public synchronized CompletableFuture<LunView> createLun(String volume, CreateLun request) {
        asked.add("createLun " + volume + " " + request);
        return ifKnown(
                volume,
                () -> {
                    Integer number = request.number();
                    var made =
                            new LunView(
                                    volume,
                                    number == null ? luns.size() : number,
                                    request.name(),
                                    ID,
                                    request.sizeBytes(),
                                    0,
                                    0,
                                    false,
                                    "iqn.2026-11.io.lockstep:" + volume,
                                    "serving",
                                    List.of("*"));
                    luns.add(made);
                    return made;
                });
    }

    @Override
    public synchronized CompletableFuture<Done> deleteLun(
            String volume, int number, boolean withSnapshots) {
        asked.add("deleteLun " + volume + " " + number + (withSnapshots ? " all" : ""));
        return ifKnown(volume, () -> new Done("LUN " + number + " is deleted"));
    }

    @Override
    public synchronized CompletableFuture<PairView> createPair(CreatePair request) {
        asked.add("createPair " + request);
        return ifKnown(
                request.volume(),
                () -> {
                    var made =
                            new PairView(
                                    request.volume(),
                                    request.peer().replication(),
                                    "source",
                                    "resyncing",
                                    true,
                                    4096,
                                    "1@1",
                                    STANDING,
                                    FakeResync.HALF_DONE,
                                    /* rehearsal= */ null);
                    pairs.add(made);
                    return made;
                });
    }

    @Override
    public synchronized CompletableFuture<Done> deleteMirror(String volume) {
        asked.add("deleteMirror " + volume);
        return ifKnown(volume, () -> new Done(volume + " is no mirror copy here any more"));
    }

    @Override
    public synchronized CompletableFuture<Done> deletePair(String volume) {
        asked.add("deletePair " + volume);
        return ifKnown(volume, () -> new Done(volume + " is mirrored no more"));
    }

    @Override
    public synchronized CompletableFuture<Done> takeOver(String volume, TakeOver request) {
        asked.add("takeOver " + volume + " " + request);
        if (!request.acceptDataLoss()) {
            return refuse(
                    Code.REFUSED,
                    "the mirror of " + volume + " is out of sync: 12 writes may be missing",
                    "reach the source again, or repeat with --accept-data-loss");
        }
        return ifKnown(volume, () -> new Done(volume + " is served here"));
    }

    @Override
    public synchronized CompletableFuture<ScrubView> scrub(String volume) {
        return done(
                new ScrubView(
                        volume,
                        "running",
                        "stripes",
                        42,
                        "2026-11-26T01:00:00Z",
                        "",
                        0,
                        1 << 20,
                        3,
                        2,
                        1,
                        2,
                        0,
                        0,
                        1,
                        List.of(77L),
                        List.of(new ScrubView.DiskErrors(0, 1, "d1", 2, 3)),
                        List.of("data at group 0 slot 1 dbn 5 (VBN 105): checksum mismatch")));
    }

    @Override
    public synchronized CompletableFuture<Done> startScrub(String volume) {
        asked.add("scrub " + volume);
        return done(new Done("the scrub of " + volume + " runs"));
    }

    @Override
    public synchronized CompletableFuture<Done> stopScrub(String volume) {
        asked.add("stop scrub " + volume);
        return done(new Done("the scrub of " + volume + " is stopped"));
    }

    @Override
    public synchronized CompletableFuture<Done> detach(String volume) {
        asked.add("detach " + volume);
        return ifKnown(volume, () -> new Done(volume + " goes on alone"));
    }

    @Override
    public synchronized CompletableFuture<Done> activate(String volume) {
        asked.add("activate " + volume);
        throw new IllegalStateException("a fault of the node");
    }

    @Override
    public synchronized CompletableFuture<Done> discard(String volume) {
        asked.add("discard " + volume);
        return ifKnown(volume, () -> new Done("this copy of " + volume + " is given up"));
    }

    @Override
    public synchronized CompletableFuture<List<HostView>> hosts() {
        return done(List.copyOf(hosts));
    }

    @Override
    public synchronized CompletableFuture<HostView> addHost(String volume, AddHost request) {
        asked.add("addHost " + volume + " " + request);
        lastHost = request;
        return ifKnown(
                volume,
                () -> {
                    var made =
                            new HostView(
                                    volume,
                                    request.initiator(),
                                    request.addresses(),
                                    request.allLuns(),
                                    request.luns(),
                                    request.mutualSecret() != null
                                            ? "mutual"
                                            : request.chapSecret() != null ? "one-way" : "none");
                    hosts.add(made);
                    return made;
                });
    }

    @Override
    public synchronized CompletableFuture<Done> removeHost(String volume, String initiator) {
        asked.add("removeHost " + volume + " " + initiator);
        return ifKnown(volume, () -> new Done(initiator + " may not use " + volume));
    }

    @Override
    public synchronized CompletableFuture<HostView> mapLun(
            String volume, int number, String initiator, boolean sees) {
        asked.add("mapLun " + volume + " " + number + " " + initiator + " " + sees);
        return ifKnown(
                volume,
                () ->
                        new HostView(
                                volume,
                                initiator,
                                List.of(),
                                false,
                                sees ? List.of(number) : List.of(),
                                "none"));
    }

    @Override
    public synchronized CompletableFuture<LunView> growLun(
            String volume, int number, long sizeBytes) {
        asked.add("growLun " + volume + " " + number + " " + sizeBytes);
        return ifKnown(
                volume,
                () ->
                        new LunView(
                                volume, number, "l", ID, sizeBytes, 0, 0, false, "iqn.x", "serving",
                                List.of()));
    }

    @Override
    public synchronized CompletableFuture<NodeKeys> keys() {
        return done(new NodeKeys(keys));
    }

    @Override
    public synchronized CompletableFuture<Done> addKeys(NodeKeys more) {
        keys.addAll(more.keys());
        return done(new Done("taken"));
    }

    @Override
    <T> CompletableFuture<T> ifKnown(String volume, Supplier<T> action) {
        if (volumes.stream().noneMatch(v -> v.name().equals(volume))) {
            return refuse(
                    Code.NOT_FOUND, "there is no volume " + volume, "see lockstep volume list");
        }
        return done(action.get());
    }

    private static <T> CompletableFuture<T> refuse(Code code, String happened, String remedy) {
        return CompletableFuture.failedFuture(new AdminException(code, happened, remedy));
    }
}
