package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/// A volume of 10 TiB with 1 TiB in use opens and works by reading a handful of blocks, and keeps
/// little of it in memory. The time it takes is shown.
final class LargeVolumeTest {
    private static final long TIB = 1L << 40;
    private static final VolumeId ID = VolumeId.of(new UUID(3, 3));

    private final Simulation simulation = new Simulation(5);
    private final SplittableRandom random = new SplittableRandom(5);
    private final SimDevice logDevice = new SimDevice(simulation, "log", 256 * 64 * 1024);
    private final FabricatedSpace space =
            new FabricatedSpace(
                    ID, 10 * TIB / Blocks.SIZE, new LunRecord(0, "large", new UUID(1, 1), TIB));
    private final TreeMap<Long, Long> stamps = new TreeMap<>();
    private @Nullable SimEventLoop loop;
    private @Nullable ActiveVolume volume;

    @Test
    void opensAndWorksWithoutReadingOrKeepingItsMaps() {
        long heapBefore = heapInUse();
        open(true);
        long readToOpen = space.reads;
        assertThat(readToOpen).isLessThan(20);
        readSome(200);
        for (int round = 0; round < 4; round++) {
            writeSome(500);
            checkpoint();
            readSome(50);
        }
        // Their blocks died in consistency points that are committed now: pages all over the map.
        checkpoint();
        long used = active().usage().usedBlocks();
        Objects.requireNonNull(loop).stop();
        logDevice.crash();
        long readsBefore = space.reads;
        open(false);
        assertThat(space.reads - readsBefore).isLessThan(100);
        assertThat(active().usage().usedBlocks()).isEqualTo(used);
        for (long block : stamps.keySet()) {
            assertThat(read(block)).isEqualTo(stamps.get(block));
        }
        writeSome(500);
        checkpoint();
        long kept = heapInUse() - heapBefore - space.bytesWritten();
        System.out.printf(
                "10 TiB with 1 TiB mapped: %d blocks read to open, %d MiB of heap kept%n",
                readToOpen, kept >> 20);
        assertThat(kept).isLessThan(64L << 20);
    }

    private static long heapInUse() {
        System.gc();
        Runtime runtime = Runtime.getRuntime();
        return runtime.totalMemory() - runtime.freeMemory();
    }

    private ActiveVolume active() {
        return Objects.requireNonNull(volume);
    }

    private void open(boolean first) {
        SimEventLoop on = simulation.newLoop("node");
        loop = on;
        logDevice.attach(on);
        space.attach(on);
        volume = null;
        long begin = System.nanoTime();
        on.call(
                () -> {
                    if (first) {
                        NvLog.format(logDevice, 64 * 1024, random::nextLong, _ -> openLog(on));
                    } else {
                        openLog(on);
                    }
                });
        assertThat(simulation.runUntil(() -> volume != null)).as("opens").isTrue();
        System.out.printf("opened in %d ms%n", (System.nanoTime() - begin) / 1_000_000);
    }

    private void openLog(SimEventLoop on) {
        NvLog.open(
                logDevice,
                on,
                random::nextLong,
                new MetricRegistry(),
                result -> openVolume(on, ((NvLog.OpenResult.Opened) result).log()));
    }

    private void openVolume(SimEventLoop on, NvLog log) {
        VolumeSettings settings =
                new VolumeSettings(64 << 20, 50_000_000_000L, 1_000_000_000, 2048);
        VolumeCopy copy =
                new VolumeCopy(
                        new VolumeCopy.Parts(ID, "v", space, log.stream(ID), on, settings),
                        Objects.requireNonNull(VolumeRoot.decode(ByteBuffer.wrap(space.root))),
                        space.rootOrder,
                        Objects.requireNonNull(CopyState.decode(ByteBuffer.wrap(space.copyState))),
                        space.copyStateOrder);
        VolumeOpening.open(
                copy,
                new ActiveVolume.Observer() {
                    @Override
                    public void imageCommitted(VolumeRoot root, boolean needsCopy) {}

                    @Override
                    public void pinGivenUp(CpId cp) {}

                    @Override
                    public void logLost(String reason) {
                        throw new AssertionError(reason);
                    }

                    @Override
                    public void stopped(String reason) {
                        throw new AssertionError(reason);
                    }
                },
                new VolumeOpening.Handler() {
                    @Override
                    public void opened(ActiveVolume opened) {
                        var epoch = copy.state().promised().next(1);
                        copy.save(
                                state -> state.promising(epoch),
                                _ -> {
                                    opened.activate(epoch, Legs.LOCAL, null);
                                    volume = opened;
                                });
                    }

                    @Override
                    public void refused(String reason) {
                        throw new AssertionError(reason);
                    }
                });
    }

    private void readSome(int count) {
        for (int i = 0; i < count; i++) {
            long block = random.nextLong(TIB / Blocks.SIZE);
            long stamp = stamps.getOrDefault(block, space.stampOf(block));
            assertThat(read(block)).as("block %d", block).isEqualTo(stamp);
        }
    }

    private long read(long block) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        await(done -> active().luns().getFirst().read(Blocks.toBytes(block), into, done));
        return into.getLong(0);
    }

    private void writeSome(int count) {
        for (int i = 0; i < count; i++) {
            long block = random.nextLong(TIB / Blocks.SIZE);
            long stamp = random.nextLong();
            ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE).putLong(0, stamp);
            IoBuffer lent = IoBuffer.unpooled(data);
            await(done -> active().luns().getFirst().write(Blocks.toBytes(block), lent, done));
            stamps.put(block, stamp);
        }
    }

    private void await(Consumer<Outcome.Handler> operation) {
        Outcome[] ended = new Outcome[1];
        Objects.requireNonNull(loop).call(() -> operation.accept(outcome -> ended[0] = outcome));
        assertThat(simulation.runUntil(() -> ended[0] != null)).as("answered").isTrue();
        assertThat(ended[0]).isEqualTo(Outcome.done());
    }

    private void checkpoint() {
        boolean[] done = new boolean[1];
        Objects.requireNonNull(loop).call(() -> active().checkpoint(() -> done[0] = true));
        assertThat(simulation.runUntil(() -> done[0])).isTrue();
    }
}
