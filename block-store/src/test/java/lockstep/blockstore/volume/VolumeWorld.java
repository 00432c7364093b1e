package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.FormatPlan;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.NullUnmarked;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// One copy of a volume with everything below it: simulated disks of one group, their RAID, a log.
/// It is active, with one LUN whose content is known, or the mirror of another such world.
@NullUnmarked
final class VolumeWorld {
    static final VolumeId ID = new VolumeId(5, 6);
    private static final int SEGMENT = 64 * 1024;

    final Simulation simulation;
    final List<SimDevice> devices = new ArrayList<>();
    final SimDevice logDevice;
    final Heard heard = new Heard();

    /// What the LUN must hold.
    final byte[] content;

    SimEventLoop loop;
    VolumeDisks disks;
    RaidSpace space;
    VolumeCopy copy;
    ActiveVolume active;
    MirrorVolume mirror;
    String refused;
    String stopped;

    /// Whether the image found by [#open] is pinned, as for a mirror that is away.
    boolean pins;

    /// See [VolumeSettings].
    long deadBlocks = 1 << 20;

    CpId givenUp;

    /// What the volume's owner was told of its disks.
    static final class Heard implements DiskEvents {
        int membersLost;
        int groupsLost;
        int bad;
        int healed;
        int lost;

        @Override
        public void memberLost(int group, int slot, String device, String reason) {
            membersLost++;
        }

        @Override
        public void groupLost(int group, String reason) {
            groupsLost++;
        }

        @Override
        public void badBlock(int group, int slot, long dbn, String reason) {
            bad++;
        }

        @Override
        public void healed(int group, int slot, long dbn) {
            healed++;
        }

        @Override
        public void lostBlock(int group, int slot, long dbn) {
            lost++;
        }
    }

    /// Empty disks, `slots` of them with room for `dbns` blocks each, formatted in state `state`.
    VolumeWorld(long seed, int slots, int dbns, int lunBlocks, CopyState state) {
        simulation = new Simulation(seed);
        content = new byte[(int) Blocks.toBytes(lunBlocks)];
        long size = Blocks.toBytes(320 + 4L * Math.ceilDiv(dbns, 127) + dbns);
        for (int i = 0; i < slots; i++) {
            devices.add(new SimDevice(simulation, "d" + i, size));
        }
        logDevice = new SimDevice(simulation, "log", 256L * SEGMENT);
        attach();
        boolean[] done = new boolean[1];
        loop.call(() -> NvLog.format(logDevice, SEGMENT, this::entropy, f -> format(state, done)));
        await(() -> done[0]);
        loop.stop();
    }

    private long entropy() {
        return simulation.random().nextLong();
    }

    private void attach() {
        loop = simulation.newLoop("node");
        devices.forEach(device -> device.attach(loop));
        logDevice.attach(loop);
    }

    private void format(CopyState state, boolean[] done) {
        new FormatPlan(ID, "v", List.of(List.<BlockDevice>copyOf(devices)), this::entropy)
                .run(
                        fault -> {
                            assertThat(fault).isNull();
                            openDisks(devices, () -> writeFirst(state, done));
                        });
    }

    private void writeFirst(CopyState state, boolean[] done) {
        ByteBuffer root = VolumeCopy.blankRoot(ID, space.size()).encode();
        space.commitRoot(
                1, root, _ -> space.writeCopyState(1, state.encode(), _ -> done[0] = true));
    }

    void await(BooleanSupplier condition) {
        boolean held = simulation.runUntil(condition, 600_000_000_000L);
        assertThat(held).as("seed %d: it ends; %s", simulation.seed(), stopped).isTrue();
    }

    private void openDisks(List<SimDevice> found, Runnable next) {
        DiskInventory.read(
                List.copyOf(found),
                inventory ->
                        VolumeDisks.open(
                                inventory.volumes().getFirst(),
                                loop,
                                heard,
                                opened -> {
                                    disks = ((VolumeDisks.Opened.Ok) opened).disks();
                                    space = new RaidSpace(disks);
                                    next.run();
                                }));
    }

    /// Opens the copy after a crash or for the first time, until `ready`; what the disks hold now
    /// decides as what.
    void open(BooleanSupplier ready) {
        attach();
        active = null;
        mirror = null;
        refused = null;
        loop.call(
                () ->
                        NvLog.open(
                                logDevice,
                                loop,
                                this::entropy,
                                new MetricRegistry(),
                                result -> {
                                    NvLog log = ((NvLog.OpenResult.Opened) result).log();
                                    openDisks(devices, () -> openCopy(log));
                                }));
        await(() -> ready.getAsBoolean() || refused != null);
    }

    private void openCopy(NvLog log) {
        VolumeDisks.StoredRecord root = disks.readNewest(RecordArea.SUPERBLOCK);
        VolumeDisks.StoredRecord state = disks.readNewest(RecordArea.COPY_STATE);
        VolumeSettings settings =
                new VolumeSettings(() -> 1 << 20, 50_000_000, 1_000_000_000, 256, deadBlocks);
        VolumeRoot found = VolumeRoot.decode(root.payload());
        copy =
                new VolumeCopy(
                        new VolumeCopy.Parts(ID, "v", space, log.stream(ID), loop, settings),
                        pins ? found.withPins(List.of(Pin.of(found))) : found,
                        root.order() + 1,
                        CopyState.decode(state.payload()),
                        state.order() + 1);
        ByteBuffer again = copy.root().encode();
        ByteBuffer stateAgain = copy.state().encode();
        space.commitRoot(
                root.order() + 1,
                again,
                _ -> space.writeCopyState(state.order() + 1, stateAgain, _ -> openRole()));
    }

    private void openRole() {
        if (copy.state().role() == CopyState.Role.MIRROR) {
            MirrorVolume.open(copy, new QuietObserver(), mirrorHandler());
        } else {
            VolumeOpening.open(copy, observer(), handler());
        }
    }

    private MirrorVolume.Handler mirrorHandler() {
        return new MirrorVolume.Handler() {
            @Override
            public void opened(MirrorVolume opened) {
                mirror = opened;
            }

            @Override
            public void refused(String reason) {
                refused = reason;
            }
        };
    }

    private VolumeOpening.Handler handler() {
        return new VolumeOpening.Handler() {
            @Override
            public void opened(ActiveVolume opened) {
                var epoch = copy.state().promised().next(1);
                copy.save(
                        state -> state.promising(epoch),
                        _ -> {
                            opened.activate(epoch, Legs.LOCAL, null);
                            active = opened;
                        });
            }

            @Override
            public void refused(String reason) {
                refused = reason;
            }
        };
    }

    private ActiveVolume.Observer observer() {
        return new ActiveVolume.Observer() {
            @Override
            public void imageCommitted(VolumeRoot root, boolean needsCopy) {}

            @Override
            public void pinGivenUp(CpId cp) {
                givenUp = cp;
            }

            @Override
            public void logLost(String reason) {
                throw new AssertionError(reason);
            }

            @Override
            public void stopped(String reason) {
                stopped = reason;
            }
        };
    }

    private final class QuietObserver implements MirrorVolume.Observer {
        @Override
        public void stored(Position upTo) {}

        @Override
        public void written(CpId cp, long blocks) {}

        @Override
        public void logLost(String reason) {}

        @Override
        public void refused(CpId cp, String reason) {
            stopped = reason;
        }

        @Override
        public void lunsChanged() {}

        @Override
        public void stopped(String reason) {
            stopped = reason;
        }
    }

    /// The process dies, and the power with it if wanted; see [#open].
    void crash(boolean powerCut) {
        loop.stop();
        if (powerCut) {
            devices.forEach(SimDevice::crash);
            logDevice.crash();
        }
    }

    /// Waits for something that ends like a write.
    void succeed(Consumer<Outcome.Handler> operation) {
        assertThat(outcome(operation)).isEqualTo(Outcome.done());
    }

    Outcome outcome(Consumer<Outcome.Handler> operation) {
        Outcome[] ended = new Outcome[1];
        loop.call(() -> operation.accept(outcome -> ended[0] = outcome));
        await(() -> ended[0] != null);
        return ended[0];
    }

    void makeLun() {
        LunRecord record = new LunRecord(0, "l", new UUID(1, 2), content.length);
        succeed(done -> active.putLun(record, done));
    }

    /// Writes `blocks` blocks of new content at block `first` of the LUN.
    void write(int first, int blocks) {
        byte[] data = new byte[blocks * Blocks.SIZE];
        simulation.random().nextBytes(data);
        System.arraycopy(data, 0, content, first * Blocks.SIZE, data.length);
        IoBuffer buffer = IoBuffer.unpooled(ByteBuffer.wrap(data));
        succeed(done -> active.luns().getFirst().write(Blocks.toBytes(first), buffer, done));
    }

    void checkpoint() {
        boolean[] done = new boolean[1];
        loop.call(() -> active.checkpoint(() -> done[0] = true));
        await(() -> done[0]);
    }

    /// Reads `blocks` blocks at `first`; compared if they could be read.
    Outcome read(int first, int blocks) {
        ByteBuffer into = ByteBuffer.allocate(blocks * Blocks.SIZE);
        Outcome ended =
                outcome(done -> active.luns().getFirst().read(Blocks.toBytes(first), into, done));
        if (ended.isDone()) {
            int from = first * Blocks.SIZE;
            byte[] right = Arrays.copyOfRange(content, from, from + into.capacity());
            assertThat(Arrays.equals(into.array(), right)).as("blocks from %d", first).isTrue();
        }
        return ended;
    }

    void readAll() {
        int blocks = content.length / Blocks.SIZE;
        for (int at = 0; at < blocks; at += 256) {
            assertThat(read(at, Math.min(256, blocks - at)))
                    .as("blocks from %d, %d members lost", at, heard.membersLost)
                    .isEqualTo(Outcome.done());
        }
    }

    VolumeCheck.Report check() {
        VolumeCheck.Report[] report = new VolumeCheck.Report[1];
        loop.call(() -> VolumeCheck.run(copy, found -> report[0] = found));
        await(() -> report[0] != null);
        return report[0];
    }
}
