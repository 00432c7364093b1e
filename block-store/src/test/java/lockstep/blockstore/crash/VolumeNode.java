package lockstep.blockstore.crash;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.crash.VolumeState.LunContent;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.raid.ParityCheck;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.HoleSettings;
import lockstep.blockstore.volume.Legs;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.VolumeCheck;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.blockstore.volume.VolumeHoles;
import lockstep.blockstore.volume.VolumeOpening;
import lockstep.blockstore.volume.VolumeSettings;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/// One volume on simulated disks and a simulated log, put together as a node does it. What goes
/// wrong is thrown as [Trouble], so that whoever made the world can say how to make it again.
@NullUnmarked
final class VolumeNode {
    static final VolumeId VOLUME = new VolumeId(3, 4);
    private static final long LIMIT_NANOS = 120_000_000_000L;

    /// Sizes. `halfBytes` is as in [VolumeSettings].
    record Shape(int disks, int dbns, int logSegments, int segmentBytes, long halfBytes) {
        long diskBytes() {
            return Blocks.toBytes(320 + 4L * Math.ceilDiv(dbns, 127) + dbns);
        }

        long logBytes() {
            return Blocks.toBytes(2) + (long) logSegments * segmentBytes;
        }
    }

    /// Something that must not happen.
    static final class Trouble extends RuntimeException {
        private static final long serialVersionUID = 1;

        Trouble(String what) {
            super(what);
        }
    }

    final Simulation simulation;
    final Shape shape;
    final List<@Nullable SimDevice> disks = new ArrayList<>();
    final List<SimDevice> logs = new ArrayList<>();

    /// Disks that were not there when the volume was made, and may have joined it.
    final List<SimDevice> extras = new ArrayList<>();

    final DiskDiary diary = new DiskDiary();
    SimEventLoop loop;
    NvLog log;
    RaidSpace raid;
    VolumeCopy copy;
    ActiveVolume volume;
    VolumeHoles holes;
    String refusal;
    String stopped;
    String logLost;
    UnaryOperator<BlockSpace> spaceWrapper = UnaryOperator.identity();
    private int starts;

    VolumeNode(long seed, Shape shape) {
        this.simulation = new Simulation(seed);
        this.shape = shape;
        for (int i = 0; i < shape.disks; i++) {
            disks.add(new SimDevice(simulation, "disk" + i, shape.diskBytes()));
        }
        logs.add(new SimDevice(simulation, "log", shape.logBytes()));
    }

    /// All devices, disks first, extras last; an absent disk is left out.
    List<SimDevice> devices() {
        List<SimDevice> all = new ArrayList<>();
        for (SimDevice disk : disks) {
            if (disk != null) {
                all.add(disk);
            }
        }
        all.addAll(logs);
        all.addAll(extras);
        return all;
    }

    long entropy() {
        return simulation.random().nextLong();
    }

    void newLoop() {
        starts++;
        loop = simulation.newLoop("node" + starts);
        devices().forEach(device -> device.attach(loop));
        volume = null;
        refusal = null;
        stopped = null;
        logLost = null;
    }

    void await(BooleanSupplier condition, String what) {
        if (!simulation.runUntil(condition, LIMIT_NANOS)) {
            throw new Trouble("it never comes that " + what);
        }
    }

    /// Makes an empty volume and log.
    void format() {
        formatLog();
        formatDisks();
        loop.stop();
    }

    /// Makes an empty log, on a new loop.
    void formatLog() {
        boolean[] done = new boolean[1];
        newLoop();
        SimDevice first = logs.getFirst();
        loop.call(
                () -> NvLog.format(first, shape.segmentBytes, this::entropy, f -> done[0] = true));
        await(() -> done[0], "the log is formatted");
    }

    private void formatDisks() {
        boolean[] done = new boolean[1];
        List<BlockDevice> group = new ArrayList<>(disks);
        loop.call(
                () ->
                        new FormatPlan(VOLUME, "v", List.of(group), this::entropy)
                                .run(fault -> openDisks(space -> begin(space, done))));
        await(() -> done[0], "the disks are formatted");
    }

    private void begin(RaidSpace space, boolean[] done) {
        ByteBuffer root = VolumeCopy.blankRoot(VOLUME, space.size()).encode();
        ByteBuffer state = CopyState.standalone().encode();
        space.commitRoot(1, root, _ -> space.writeCopyState(1, state, _ -> done[0] = true));
    }

    private void openDisks(java.util.function.Consumer<RaidSpace> next) {
        List<BlockDevice> found = new ArrayList<>();
        for (SimDevice disk : disks) {
            if (disk != null) {
                found.add(disk);
            }
        }
        found.addAll(extras);
        DiskInventory.read(
                found,
                inventory ->
                        VolumeDisks.open(
                                inventory.volumes().getFirst(),
                                loop,
                                diary,
                                opened -> {
                                    switch (opened) {
                                        case VolumeDisks.Opened.Ok(VolumeDisks ok) ->
                                                next.accept(new RaidSpace(ok));
                                        case VolumeDisks.Opened.Refused(String why) ->
                                                refusal = why;
                                    }
                                }));
    }

    /// Opens everything on a new loop, up to a volume that waits to be activated; or notes why that
    /// is refused.
    void open() {
        newLoop();
        loop.call(
                () ->
                        NvLog.open(
                                logs.getFirst(),
                                loop,
                                this::entropy,
                                new MetricRegistry(),
                                result -> {
                                    if (result instanceof NvLog.OpenResult.Opened(NvLog opened)) {
                                        log = opened;
                                        openDisks(this::openCopy);
                                    } else {
                                        refusal = result.toString();
                                    }
                                }));
        await(() -> volume != null || refusal != null, "the volume opens");
    }

    private void openCopy(RaidSpace space) {
        raid = space;
        VolumeDisks.StoredRecord root = space.disks().readNewest(RecordArea.SUPERBLOCK);
        VolumeDisks.StoredRecord state = space.disks().readNewest(RecordArea.COPY_STATE);
        VolumeRoot image = root == null ? null : VolumeRoot.decode(root.payload());
        CopyState own = state == null ? null : CopyState.decode(state.payload());
        if (image == null || own == null) {
            refusal = "no superblock or no copy state";
            return;
        }
        long rootOrder = root.order() + 1;
        long stateOrder = state.order() + 1;
        var settings = new VolumeSettings(shape.halfBytes, 50_000_000, 1_000_000_000, 64);
        var parts =
                new VolumeCopy.Parts(
                        VOLUME, "v", spaceWrapper.apply(space), log.stream(VOLUME), loop, settings);
        copy = new VolumeCopy(parts, image, rootOrder, own, stateOrder);
        space.commitRoot(
                rootOrder,
                root.payload(),
                fault ->
                        space.writeCopyState(
                                stateOrder,
                                state.payload(),
                                second -> openVolume(fault == null ? second : fault)));
    }

    private void openVolume(@Nullable IoFault fault) {
        if (fault != null) {
            refusal = fault.toString();
            return;
        }
        VolumeOpening.open(
                copy,
                new ActiveVolume.Observer() {
                    @Override
                    public void imageCommitted(VolumeRoot root, boolean needsCopy) {}

                    @Override
                    public void pinGivenUp(CpId cp) {}

                    @Override
                    public void logLost(String reason) {
                        logLost = reason;
                    }

                    @Override
                    public void stopped(String reason) {
                        stopped = reason;
                    }
                },
                new VolumeOpening.Handler() {
                    @Override
                    public void opened(ActiveVolume opened) {
                        volume = opened;
                    }

                    @Override
                    public void refused(String reason) {
                        refusal = reason;
                    }
                });
    }

    /// As [#open], where a refusal is trouble.
    void mustOpen() {
        open();
        if (refusal != null) {
            throw new Trouble("refused: " + refusal);
        }
    }

    /// Opens an epoch; the volume serves.
    void activate() {
        if (!activated()) {
            throw new Trouble("the promise fails");
        }
    }

    /// As [#activate]; false if that failed.
    boolean activated() {
        IoFault[] ended = new IoFault[1];
        boolean[] done = new boolean[1];
        Epoch epoch = copy.state().promised().next(1);
        loop.call(
                () ->
                        copy.save(
                                state -> state.promising(epoch),
                                fault -> {
                                    ended[0] = fault;
                                    if (fault == null) {
                                        volume.activate(epoch, Legs.LOCAL, null);
                                    }
                                    done[0] = true;
                                }));
        await(() -> done[0], "the promise is durable");
        return ended[0] == null;
    }

    /// From here on space that nothing uses is given back.
    void giveBack() {
        loop.call(
                () -> {
                    holes =
                            new VolumeHoles(
                                    () -> copy,
                                    () -> true,
                                    raid,
                                    new HoleSettings(1L << 40, 1_000_000, 8),
                                    () -> volume.checkpoint(null));
                    holes.open();
                });
    }

    /// Makes a consistency point, and waits for it unless the volume stops.
    void checkpoint() {
        boolean[] done = new boolean[1];
        loop.call(() -> volume.checkpoint(() -> done[0] = true));
        await(() -> done[0] || stopped != null, "a consistency point ends");
    }

    /// What hosts see; null if a read did not end well, which `ended` hears.
    @Nullable VolumeState observe(Outcome.Handler ended) {
        TreeMap<Integer, LunContent> luns = new TreeMap<>();
        boolean right = true;
        for (Lun lun : volume.luns()) {
            ByteBuffer into = ByteBuffer.allocate((int) lun.record().size());
            Outcome[] outcome = new Outcome[1];
            loop.call(() -> lun.read(0, into, end -> outcome[0] = end));
            await(() -> outcome[0] != null, "a read ends");
            ended.ended(outcome[0]);
            right &= outcome[0].isDone();
            luns.put(
                    lun.record().number(),
                    new LunContent(lun.record().identity(), Stamps.of(into)));
        }
        return right ? new VolumeState(luns) : null;
    }

    /// As [#observe], where anything but an answer is trouble.
    VolumeState mustObserve() {
        return observe(
                outcome -> {
                    if (!outcome.isDone()) {
                        throw new Trouble("a read ends with " + outcome);
                    }
                });
    }

    /// Invariants 3 and 9 on the committed image; nothing may be under way. The live blocks.
    Set<Long> checkImage(String when) {
        VolumeCheck.Report[] report = new VolumeCheck.Report[1];
        loop.call(() -> VolumeCheck.run(copy, found -> report[0] = found));
        await(() -> report[0] != null, "the check ends");
        if (!report[0].isClean()) {
            throw new Trouble(when + ": " + report[0].errors());
        }
        return report[0].blocks().keySet();
    }

    /// Invariant 3 on all stripes; `live` is what [#checkImage] gave.
    void checkStripes(String when, Set<Long> live) {
        ParityCheck.Report[] report = new ParityCheck.Report[1];
        loop.call(() -> raid.raid().verifyAll(live::contains, found -> report[0] = found));
        await(() -> report[0] != null, "the stripes are checked");
        if (!report[0].clean()) {
            throw new Trouble(when + ": " + report[0].findings());
        }
    }

    /// The process is killed, or the power is cut.
    void crash(boolean powerCut) {
        loop.stop();
        if (powerCut) {
            devices().forEach(SimDevice::crash);
        }
    }
}
