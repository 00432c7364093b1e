package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeReader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.UUID;
import java.util.function.Consumer;

/// One node with one volume over restarts, and a twin that is told every entry of its log. The twin
/// stands where a mirror would, and confirms images late, so that pins and images in doubt take
/// part.
final class SnapshotWorld implements Mirror {
    final Simulation simulation;
    final SplittableRandom random;
    final SnapshotTwin twin = new SnapshotTwin();
    private final SimDevice logDevice;
    private final MemorySpace space;
    private final long blocks;
    private final VolumeId id = VolumeId.of(new UUID(7, 8));
    private @Nullable ActiveVolume volume;
    private @Nullable SimEventLoop loop;
    @Nullable String stopped;
    int outstanding;
    private long acknowledged;
    private long names;

    /// Openings that found a change of snapshots which no image held.
    int sealedReplays;

    SnapshotWorld(long seed, long blocks) {
        this.simulation = new Simulation(seed);
        this.random = new SplittableRandom(seed);
        this.blocks = blocks;
        this.space = new MemorySpace(blocks);
        this.logDevice = new SimDevice(simulation, "log", 256 * 64 * 1024);
        start(true);
    }

    private void start(boolean first) {
        SimEventLoop on = simulation.newLoop("node");
        loop = on;
        logDevice.attach(on);
        space.attach(on);
        volume = null;
        if (first) {
            on.call(() -> NvLog.format(logDevice, 64 * 1024, random::nextLong, f -> open(on)));
        } else {
            on.call(() -> open(on));
        }
        assertThat(simulation.runUntil(() -> volume != null)).as("opens").isTrue();
    }

    private void open(SimEventLoop on) {
        NvLog.open(
                logDevice,
                on,
                random::nextLong,
                new MetricRegistry(),
                result -> {
                    NvLog log = ((NvLog.OpenResult.Opened) result).log();
                    VolumeCopy copy = copyOn(on, log);
                    VolumeOpening.open(copy, observer(), handler(copy));
                });
    }

    private VolumeCopy copyOn(SimEventLoop on, NvLog log) {
        VolumeRoot root =
                space.root == null
                        ? VolumeCopy.blankRoot(id, blocks)
                        : VolumeRoot.decode(ByteBuffer.wrap(space.root));
        CopyState state =
                space.state == null
                        ? CopyState.standalone()
                        : CopyState.decode(ByteBuffer.wrap(space.state));
        VolumeSettings settings = new VolumeSettings(4 << 20, 50_000_000, 1_000_000_000, 64);
        return new VolumeCopy(
                new VolumeCopy.Parts(id, "v", space, log.stream(id), on, settings),
                Objects.requireNonNull(root),
                space.rootOrder,
                Objects.requireNonNull(state),
                space.stateOrder);
    }

    private ActiveVolume.Observer observer() {
        return new ActiveVolume.Observer() {
            @Override
            public void imageCommitted(VolumeRoot root, boolean needsCopy) {}

            @Override
            public void pinGivenUp(CpId cp) {}

            @Override
            public void logLost(String reason) {
                stopped = reason;
            }

            @Override
            public void stopped(String reason) {
                stopped = reason;
            }
        };
    }

    private VolumeOpening.Handler handler(VolumeCopy copy) {
        return new VolumeOpening.Handler() {
            @Override
            public void opened(ActiveVolume opened) {
                var epoch = copy.state().promised().next(1);
                copy.save(state -> state.promising(epoch), fault -> activate(opened, copy));
            }

            @Override
            public void refused(String reason) {
                throw new AssertionError(reason);
            }
        };
    }

    private void activate(ActiveVolume opened, VolumeCopy copy) {
        long end = opened.end().sequence();
        assertThat(end).as("what was acknowledged is there").isBetween(acknowledged, twin.end());
        twin.cut(end);
        sealedReplays += opened.snapshots().wereReplayed() ? 1 : 0;
        opened.activate(copy.state().promised(), Legs.LOCAL, this);
        opened.attach(this, copy.root().cp(), Legs.LOCAL);
        volume = opened;
    }

    void crash() {
        Objects.requireNonNull(loop).stop();
        logDevice.crash();
        outstanding = 0;
        start(false);
    }

    ActiveVolume active() {
        return Objects.requireNonNull(volume);
    }

    VolumeSnapshots snapshots() {
        return active().snapshots();
    }

    void run(Runnable task) {
        Objects.requireNonNull(loop).call(task);
    }

    /// Snapshots of the committed image.
    int imageSnapshots() {
        return (int) snapshots().list().stream().filter(Snapshot::isCommitted).count();
    }

    // What a mirror is sent.

    @Override
    public void ship(long half, LogEntry borrowed) {
        twin.add(borrowed);
    }

    @Override
    public void cpBegin(CpId cp, long upTo) {}

    @Override
    public void cpCommit(CpId cp, ByteBuffer borrowedRoot) {
        ActiveVolume confirmed = active();
        Objects.requireNonNull(loop)
                .clock()
                .schedule(random.nextLong(2_000_000), () -> confirmed.mirrorCommitted(cp));
    }

    @Override
    public void cpData(long vbn, int crc, ByteBuffer borrowed) {}

    @Override
    public void cpChange(BlockPointer now, BlockPointer base, ByteBuffer patch, ByteBuffer whole) {}

    @Override
    public void cpReference(long vbn, int crc, long sequence, int offset) {}

    @Override
    public boolean ready(Runnable whenReady) {
        return true;
    }

    // What hosts and operators do.

    /// Begins something; its outcome is noted when it comes.
    void begin(Consumer<Outcome.Handler> what) {
        outstanding++;
        run(
                () -> {
                    long[] upTo = new long[1];
                    what.accept(
                            outcome -> {
                                outstanding--;
                                boolean fine =
                                        outcome.isDone()
                                                || outcome instanceof Outcome.Refused
                                                || outcome instanceof Outcome.OutOfRange;
                                assertThat(fine).as(outcome.toString()).isTrue();
                                if (outcome.isDone()) {
                                    acknowledged = Math.max(acknowledged, upTo[0]);
                                }
                            });
                    upTo[0] = twin.end();
                });
    }

    /// Does something and gives its outcome.
    Outcome await(Consumer<Outcome.Handler> what) {
        Outcome[] ended = new Outcome[1];
        run(() -> what.accept(outcome -> ended[0] = outcome));
        assertThat(simulation.runUntil(() -> ended[0] != null)).as("ends").isTrue();
        return Objects.requireNonNull(ended[0]);
    }

    Lun lun(int number) {
        return active().luns().stream()
                .filter(lun -> lun.record().number() == number)
                .findFirst()
                .orElseThrow();
    }

    UUID newId() {
        return new UUID(random.nextLong(), random.nextLong() & ~0xFFFFL);
    }

    String newName() {
        return "s" + names++;
    }

    Outcome createLun(int number, long size) {
        LunRecord record = new LunRecord(number, "l", newId(), Blocks.toBytes(size));
        return await(done -> active().putLun(record, done));
    }

    VolumeSnapshots.Taking taking(List<Integer> luns) {
        return new VolumeSnapshots.Taking(
                newName(), luns, newId(), simulation.nowNanos() / 1_000_000, "");
    }

    UUID take(int lun) {
        VolumeSnapshots.Taking taking = taking(List.of(lun));
        assertThat(await(done -> snapshots().take(taking, done))).isEqualTo(Outcome.done());
        return snapshots().list().getLast().identity();
    }

    /// Sectors full of random stamps.
    ByteBuffer stamps(int sectors) {
        ByteBuffer data = ByteBuffer.allocate(sectors * Blocks.SECTOR);
        for (int sector = 0; sector < sectors; sector++) {
            long stamp = random.nextLong() | 1;
            for (int at = 0; at < Blocks.SECTOR; at += Long.BYTES) {
                data.putLong(sector * Blocks.SECTOR + at, stamp);
            }
        }
        return data;
    }

    Outcome write(int lun, long block, int count) {
        IoBuffer data = IoBuffer.unpooled(stamps(count * Blocks.SECTORS));
        return await(done -> lun(lun).write(Blocks.toBytes(block), data, done));
    }

    void settle() {
        boolean[] done = new boolean[1];
        run(() -> active().checkpoint(() -> done[0] = true));
        assertThat(simulation.runUntil(() -> done[0])).as("a checkpoint ends").isTrue();
    }

    /// Waits until nothing is drained any more and what was has become free.
    void drain() {
        for (int i = 0; i < 100 && active().usage().isDraining(); i++) {
            settle();
        }
        settle();
        settle();
        settle();
    }

    void check() {
        VolumeCheck.Report[] report = new VolumeCheck.Report[1];
        run(() -> VolumeCheck.run(active().copy(), found -> report[0] = found));
        assertThat(simulation.runUntil(() -> report[0] != null)).isTrue();
        assertThat(Objects.requireNonNull(report[0]).errors())
                .as("seed %d", simulation.seed())
                .isEmpty();
    }

    /// Everything is as the twin says: LUNs, snapshots, and what they hold.
    void compare() {
        List<Integer> numbers = active().luns().stream().map(lun -> lun.record().number()).toList();
        assertThat(numbers).containsExactlyElementsOf(twin.luns.keySet());
        twin.luns.forEach(this::compareLun);
        List<Snapshot> kept = snapshots().list();
        assertThat(kept.stream().map(Snapshot::identity).toList())
                .containsExactlyElementsOf(twin.snapshots.keySet());
        for (Snapshot snapshot : kept) {
            if (snapshot.isCommitted()) {
                compareSnapshot(snapshot);
            }
        }
    }

    private void compareLun(int number, SnapshotTwin.Content expected) {
        ByteBuffer into = ByteBuffer.allocate(expected.sectors().length * Blocks.SECTOR);
        assertThat(lun(number).record().readOnly()).isEqualTo(expected.readOnly());
        assertThat(await(done -> lun(number).read(0, into, done))).isEqualTo(Outcome.done());
        compare("LUN " + number, expected.sectors(), into);
    }

    private void compareSnapshot(Snapshot snapshot) {
        long[] expected =
                Objects.requireNonNull(twin.snapshots.get(snapshot.identity())).content().sectors();
        int count = expected.length / Blocks.SECTORS;
        ByteBuffer found = ByteBuffer.allocate(count * Blocks.SIZE);
        int[] left = {count};
        run(
                () ->
                        new TreeReader(active().copy().reader())
                                .find(
                                        snapshot.root(),
                                        0,
                                        count,
                                        pointers -> readAll(pointers, found, left)));
        assertThat(simulation.runUntil(() -> left[0] == 0)).isTrue();
        compare("snapshot " + snapshot.name(), expected, found);
    }

    private void readAll(BlockPointer @Nullable [] pointers, ByteBuffer into, int[] left) {
        for (int i = 0; i < Objects.requireNonNull(pointers).length; i++) {
            if (pointers[i].isHole()) {
                left[0]--;
                continue;
            }
            int at = i * Blocks.SIZE;
            active().copy()
                    .reader()
                    .read(
                            pointers[i],
                            block -> {
                                into.put(at, Objects.requireNonNull(block), 0, Blocks.SIZE);
                                left[0]--;
                            });
        }
    }

    private void compare(String what, long[] expected, ByteBuffer found) {
        for (int sector = 0; sector < expected.length; sector++) {
            for (int at = 0; at < Blocks.SECTOR; at += Blocks.SECTOR - Long.BYTES) {
                if (found.getLong(sector * Blocks.SECTOR + at) != expected[sector]) {
                    throw new AssertionError(
                            "sector " + sector + " of " + what + ", seed " + simulation.seed());
                }
            }
        }
    }
}
