package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.blockstore.volume.VolumeSettings;
import lockstep.replication.link.LinkHandler;
import lockstep.replication.link.LinkHub;
import lockstep.replication.link.LinkKeeper;
import lockstep.replication.link.LinkSettings;
import lockstep.replication.link.PeerLink;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.Replica;
import lockstep.replication.sim.SimNetwork;
import lockstep.replication.tail.TailStore;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.VolumeMessage;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/// One node of a simulated pair: its disks and log outlive its incarnations. It does what the real
/// node does to put its parts together, and no more.
final class SimNode implements LinkHandler, Replica.Observer {
    static final VolumeId VOLUME = new VolumeId(11, 12);
    static final int SEGMENT = 64 * 1024;
    private static final long LEASE_NANOS = 300_000_000L;

    final String name;
    final NodeIdentity identity;
    final List<SimDevice> disks = new ArrayList<>();

    /// Disks that are there and have not joined.
    final List<SimDevice> extras = new ArrayList<>();

    final SimDevice log;
    final List<String> events = new ArrayList<>();
    private final int paritySlot;
    private final Simulation simulation;
    private final SimNetwork network;
    private final BiConsumer<SimNode, VolumeRoot> imageSeen;
    private int starts;
    private long startedAt;
    final SimTails tails = new SimTails();
    SimEventLoop loop;
    LinkHub hub;
    LinkKeeper keeper;
    Replica replica;
    PeerLink link;
    VolumeRoot lastRoot;

    /// The LUNs that hosts were shown when this node last heard that they are others.
    List<LunRecord> told = List.of();

    /// Points at which it crashes.
    final PortFaults faults;

    boolean alive;
    SimNode peer;

    /// What a mirror here keeps of its log; another one with each role.
    long quota;

    /// What becomes of a message before the copy here gets it: a fault behind all checksums.
    UnaryOperator<VolumeMessage> tamper = UnaryOperator.identity();

    /// What else works on its copy whenever that is opened.
    final List<Consumer<RaidSpace>> helpers = new ArrayList<>();

    long scrubPasses;

    SimNode(
            Simulation simulation,
            SimNetwork network,
            String name,
            int number,
            int slots,
            long diskBytes,
            BiConsumer<SimNode, VolumeRoot> imageSeen) {
        this.simulation = simulation;
        this.network = network;
        this.name = name;
        this.imageSeen = imageSeen;
        this.identity = new NodeIdentity(number, new UUID(7, number), name);
        this.paritySlot = slots - 1;
        this.faults = new PortFaults(this, simulation);
        for (int i = 0; i < slots; i++) {
            disks.add(new SimDevice(simulation, name + "-disk" + i, diskBytes));
        }
        log = new SimDevice(simulation, name + "-log", 96L * SEGMENT);
    }

    private long entropy() {
        return simulation.random().nextLong();
    }

    DirectSpace direct() {
        return new DirectSpace(disks, paritySlot);
    }

    /// Makes an empty copy of the volume in the given state, and starts.
    void format(CopyState state, long vbnCount) {
        boolean[] done = new boolean[1];
        loop = simulation.newLoop(name);
        attachDevices();
        loop.call(
                () ->
                        NvLog.format(
                                log,
                                SEGMENT,
                                this::entropy,
                                _ -> formatDisks(state, vbnCount, done)));
        await(() -> done[0], name + " is formatted");
        loop.stop();
    }

    private void formatDisks(CopyState state, long vbnCount, boolean[] done) {
        new FormatPlan(VOLUME, "v", List.of(List.<BlockDevice>copyOf(disks)), this::entropy)
                .run(
                        fault -> {
                            check(fault == null, "formatted: " + fault);
                            openDisks(
                                    space -> {
                                        long size = vbnCount == 0 ? space.size() : vbnCount;
                                        ByteBuffer root =
                                                VolumeCopy.blankRoot(VOLUME, size).encode();
                                        space.commitRoot(
                                                1,
                                                root,
                                                _ ->
                                                        space.writeCopyState(
                                                                1,
                                                                state.encode(),
                                                                _ -> done[0] = true));
                                    });
                        });
    }

    void start() {
        starts++;
        alive = true;
        loop = simulation.newLoop(name + starts);
        startedAt = simulation.nowNanos();
        attachDevices();
        long[] incarnation = {(long) starts << 32};
        hub =
                new LinkHub(
                        identity,
                        loop.clock(),
                        LinkSettings.of(50, 250),
                        () -> incarnation[0]++,
                        this::entropy);
        faults.begin(loop);
        network.join(name, loop, faults.accepting(hub::accepted));
        loop.call(
                () ->
                        NvLog.open(
                                faults.log(log),
                                loop,
                                this::entropy,
                                new MetricRegistry(),
                                result -> {
                                    check(
                                            result instanceof NvLog.OpenResult.Opened,
                                            "the log opens: " + result);
                                    NvLog opened = ((NvLog.OpenResult.Opened) result).log();
                                    openDisks(space -> openCopy(space, opened));
                                }));
    }

    private void attachDevices() {
        disks.forEach(disk -> disk.attach(loop));
        extras.forEach(disk -> disk.attach(loop));
        log.attach(loop);
    }

    private void openDisks(Consumer<RaidSpace> next) {
        List<BlockDevice> there = new ArrayList<>(disks);
        there.addAll(extras);
        DiskInventory.read(
                there,
                inventory ->
                        VolumeDisks.open(
                                inventory.volumes().getFirst(),
                                loop,
                                DiskEvents.NONE,
                                opened -> {
                                    check(
                                            opened instanceof VolumeDisks.Opened.Ok,
                                            "disks open: " + opened);
                                    VolumeDisks ok = ((VolumeDisks.Opened.Ok) opened).disks();
                                    adopt(ok);
                                    next.accept(new RaidSpace(ok));
                                }));
    }

    /// Extras that joined are disks like any other.
    void adopt(VolumeDisks opened) {
        GroupDisks group = opened.groups().getFirst();
        for (int slot = disks.size(); slot < group.slots(); slot++) {
            SimDevice joined = (SimDevice) group.disk(slot).device();
            extras.remove(joined);
            disks.add(joined);
        }
    }

    private void openCopy(RaidSpace space, NvLog nvLog) {
        VolumeDisks.StoredRecord root = space.disks().readNewest(RecordArea.SUPERBLOCK);
        VolumeDisks.StoredRecord state = space.disks().readNewest(RecordArea.COPY_STATE);
        VolumeRoot decoded = VolumeRoot.decode(root.payload());
        CopyState copyState = CopyState.decode(state.payload());
        space.commitRoot(
                root.order() + 1,
                decoded.encode(),
                _ ->
                        space.writeCopyState(
                                state.order() + 1,
                                copyState.encode(),
                                _ ->
                                        run(
                                                space,
                                                nvLog,
                                                decoded,
                                                root.order() + 1,
                                                copyState,
                                                state.order() + 1)));
    }

    private void run(
            RaidSpace space,
            NvLog nvLog,
            VolumeRoot root,
            long rootOrder,
            CopyState state,
            long stateOrder) {
        var ports = faults.space(space);
        // A cache for all of it: what a full one lets go is left to chance.
        var settings = new VolumeSettings(384 * 1024, 40_000_000L, 400_000_000L, 1 << 16);
        VolumeCopy copy =
                new VolumeCopy(
                        new VolumeCopy.Parts(
                                VOLUME, "v", ports, nvLog.stream(VOLUME), loop, settings),
                        root,
                        rootOrder,
                        state,
                        stateOrder);
        replica = new Replica(copy, identity.id(), this);
        link = null;
        keeper = hub.keep(peer.identity.uuid(), faults.dialing(network), this);
        replica.start();
        lookAtImage();
        helpers.forEach(helper -> helper.accept(space));
    }

    /// Looks whether another image was committed; called after every event. A root that was
    /// committed again with the same content is another image here.
    @SuppressWarnings("ReferenceEquality")
    void lookAtImage() {
        if (alive && replica != null) {
            VolumeRoot now = replica.copy().root();
            if (now != lastRoot) {
                imageSeen.accept(this, now);
                lastRoot = now;
            }
        }
    }

    /// The process is killed (what it wrote stays with the kernel), or the power is cut.
    void crash(boolean powerCut) {
        alive = false;
        replica = null;
        lastRoot = null;
        network.crash(name, powerCut);
        loop.stop();
        if (powerCut) {
            disks.forEach(SimDevice::crash);
            extras.forEach(SimDevice::crash);
            log.crash();
        }
    }

    /// The operator's word, and what came of it.
    Refusal takeOver(boolean sourceIsDown) {
        return takeOver(sourceIsDown, false);
    }

    Refusal takeOver(boolean sourceIsDown, boolean acceptLoss) {
        List<Refusal> ended = new ArrayList<>();
        loop.call(() -> replica.takeover(sourceIsDown, acceptLoss, ended::add));
        await(() -> !ended.isEmpty(), "the takeover ends");
        return ended.getFirst();
    }

    void await(java.util.function.BooleanSupplier condition, String what) {
        check(simulation.runUntil(condition, 60_000_000_000L), what);
    }

    void check(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(
                    "seed " + simulation.seed() + ": " + what + "; " + name + ": " + tail());
        }
    }

    private List<String> tail() {
        return events.subList(Math.max(0, events.size() - 12), events.size());
    }

    @Override
    public void up(PeerLink up) {
        link = up;
        if (replica != null) {
            replica.linkUp(up);
        }
    }

    @Override
    public void received(PeerLink on, VolumeId volume, VolumeMessage borrowed) {
        if (replica != null) {
            replica.received(tamper.apply(borrowed));
        }
    }

    @Override
    public void writable(PeerLink on) {
        if (replica != null) {
            replica.writable();
        }
    }

    @Override
    public void lost(PeerLink over, String reason) {
        link = null;
        events.add("link lost: " + reason);
        if (replica != null) {
            replica.linkLost(over, reason);
        }
    }

    @Override
    public int leaseMillisToGrant() {
        return replica != null && replica.grantsLease() ? (int) (LEASE_NANOS / 1_000_000) : 0;
    }

    @Override
    public void leaseGranted(PeerLink on) {}

    @Override
    public void activeChanged(Replica changed) {
        if (changed.copy().state().role() == CopyState.Role.MIRROR) {
            quota = (long) SEGMENT * (8 + 8L * simulation.random().nextInt(3));
            changed.logQuota(quota);
        }
        ShownVolume shown = changed.shown();
        // Hosts of a volume that moves keep their sessions: it never seems to be gone.
        assertThat(shown != null || !changed.hasHandedOver()).isTrue();
        told = shown == null ? List.of() : shown.luns().stream().map(Lun::record).toList();
    }

    @Override
    public void event(Replica of, String text) {
        events.add(text);
        faults.told(text);
    }

    @Override
    public TailStore tails() {
        return tails;
    }

    @Override
    public long leaseGrantedUntilNanos(Replica of) {
        return Math.max(keeper.grantedUntilNanos(), startedAt + LEASE_NANOS);
    }
}
