package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
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
import java.util.TreeSet;
import java.util.UUID;

/// What scattered writes of 4 KiB cost a mirror, on a thin LUN of 64 GiB with 8 GiB mapped: each
/// touches a tree node of its own, so whole nodes would double the payload. The counts are shown.
final class ScatteredCostTest {
    private static final long GIB = 1L << 30;
    private static final long MAPPED = 8 * GIB / Blocks.SIZE;
    private static final int WRITES = 6000;
    private static final VolumeId ID = VolumeId.of(new UUID(3, 3));

    /// What goes with a block beside its bytes, as on the wire: for a run or reference of one
    /// block, and for a change.
    private static final int RUN = 12;

    private static final int REFERENCE = 24;
    private static final int CHANGE = 26;

    private final Simulation simulation = new Simulation(5);
    private final SplittableRandom random = new SplittableRandom(5);
    private final SimDevice logDevice = new SimDevice(simulation, "log", 512 * 64 * 1024);
    private final FabricatedSpace space =
            new FabricatedSpace(
                    ID,
                    128 * GIB / Blocks.SIZE,
                    new LunRecord(0, "thin", new UUID(1, 1), 64 * GIB),
                    MAPPED);
    private final Counts counts = new Counts();
    private SimEventLoop loop = simulation.newLoop("node");
    private @Nullable ActiveVolume volume;

    /// Bytes by what they are, and how many blocks.
    private static final class Counts {
        long whole;
        long changed;
        long referred;
        long payload;

        void block() {
            whole++;
            payload += RUN + Blocks.SIZE;
        }

        void change(ByteBuffer patch) {
            changed++;
            payload += CHANGE + patch.remaining();
        }

        void reference() {
            referred++;
            payload += REFERENCE;
        }

        double per(long blocks) {
            return (double) payload / Blocks.toBytes(blocks);
        }

        @Override
        public String toString() {
            return "%d blocks whole, %d as changes, %d as references, %d bytes in all"
                    .formatted(whole, changed, referred, payload);
        }
    }

    @Test
    void aResyncMovesLittleMoreThanTheBlocksThatChanged() {
        open();
        CpId since = active().copy().root().cp();
        loop.call(() -> active().pins().addImage());
        long blocks = writeScattered();
        checkpoint();
        boolean[] ended = new boolean[1];
        loop.call(() -> walk(active().walk(since), ended));
        assertThat(simulation.runUntil(() -> ended[0])).isTrue();
        System.out.printf(
                "resync after %d scattered blocks: %s, %.4f%n", blocks, counts, counts.per(blocks));
        assertThat(counts.per(blocks)).isGreaterThan(1.0).isLessThan(1.25);
    }

    @Test
    void mirroringScatteredBlocksCostsLittleMoreThanTheirContents() {
        open();
        CpId image = active().copy().root().cp();
        loop.call(() -> active().attach(new CountingMirror(), image, Legs.BOTH));
        long blocks = writeScattered();
        checkpoint();
        checkpoint();
        System.out.printf(
                "mirroring of %d scattered blocks: %s, %.4f%n", blocks, counts, counts.per(blocks));
        assertThat(counts.per(blocks)).isGreaterThan(1.0).isLessThan(1.35);
    }

    private void walk(ImageWalk walk, boolean[] ended) {
        walk.next(
                new ImageWalk.Sink() {
                    @Override
                    public void block(long vbn, int crc, ByteBuffer borrowed) {
                        counts.block();
                        loop.execute(() -> walk.next(this));
                    }

                    @Override
                    public void change(
                            BlockPointer now,
                            ByteBuffer borrowed,
                            BlockPointer base,
                            ByteBuffer borrowedPatch) {
                        counts.change(borrowedPatch);
                        loop.execute(() -> walk.next(this));
                    }

                    @Override
                    public void ended() {
                        assertThat(walk.done()).isEqualTo(1);
                        ended[0] = true;
                    }

                    @Override
                    public void lost(long vbn) {
                        throw new AssertionError("lost " + vbn);
                    }
                });
    }

    /// Takes everything and confirms it at once.
    private final class CountingMirror implements Mirror {
        @Override
        public void ship(long half, LogEntry borrowed) {
            counts.payload += EntryCodec.encodedLength(borrowed);
            long sequence = borrowed.position().sequence();
            loop.execute(() -> active().mirrorStored(sequence));
        }

        @Override
        public void cpBegin(CpId cp, long upTo) {}

        @Override
        public void cpData(long vbn, int crc, ByteBuffer borrowed) {
            counts.block();
        }

        @Override
        public void cpReference(long vbn, int crc, long sequence, int offset) {
            counts.reference();
        }

        @Override
        public void cpChange(
                BlockPointer now, BlockPointer base, ByteBuffer patch, ByteBuffer borrowed) {
            counts.change(patch);
        }

        @Override
        public void cpCommit(CpId cp, ByteBuffer borrowedRoot) {
            loop.execute(() -> active().mirrorCommitted(cp));
        }

        @Override
        public boolean ready(Runnable whenReady) {
            return true;
        }
    }

    private ActiveVolume active() {
        return Objects.requireNonNull(volume);
    }

    private void open() {
        logDevice.attach(loop);
        space.attach(loop);
        loop.call(() -> NvLog.format(logDevice, 64 * 1024, random::nextLong, _ -> openLog()));
        assertThat(simulation.runUntil(() -> volume != null)).as("opens").isTrue();
    }

    private void openLog() {
        NvLog.open(
                logDevice,
                loop,
                random::nextLong,
                new MetricRegistry(),
                result -> openVolume(((NvLog.OpenResult.Opened) result).log()));
    }

    private void openVolume(NvLog log) {
        VolumeSettings settings =
                new VolumeSettings(32 << 20, 50_000_000_000L, 1_000_000_000, 2048);
        VolumeCopy copy =
                new VolumeCopy(
                        new VolumeCopy.Parts(ID, "v", space, log.stream(ID), loop, settings),
                        Objects.requireNonNull(
                                VolumeRoot.decode(
                                        ByteBuffer.wrap(Objects.requireNonNull(space.root)))),
                        space.rootOrder,
                        CopyState.standalone(),
                        space.copyStateOrder);
        VolumeOpening.open(
                copy,
                new ActiveVolume.Observer() {
                    @Override
                    public void imageCommitted(VolumeRoot root, boolean needsCopy) {}

                    @Override
                    public void pinGivenUp(CpId cp) {
                        throw new AssertionError("there is space");
                    }

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
                        var epoch = copy.root().cp().epoch().next(1);
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

    /// Writes blocks here and there in what is mapped; returns how many different ones.
    private long writeScattered() {
        TreeSet<Long> blocks = new TreeSet<>();
        int[] open = new int[1];
        for (int i = 0; i < WRITES; i++) {
            long block = random.nextLong(MAPPED);
            blocks.add(block);
            ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE);
            random.nextBytes(data.array());
            open[0]++;
            loop.call(
                    () ->
                            active().luns()
                                    .getFirst()
                                    .write(
                                            Blocks.toBytes(block),
                                            IoBuffer.unpooled(data),
                                            outcome -> {
                                                assertThat(outcome).isEqualTo(Outcome.done());
                                                open[0]--;
                                            }));
            assertThat(simulation.runUntil(() -> open[0] < 16)).isTrue();
        }
        assertThat(simulation.runUntil(() -> open[0] == 0)).isTrue();
        return blocks.size();
    }

    private void checkpoint() {
        boolean[] done = new boolean[1];
        loop.call(() -> active().checkpoint(() -> done[0] = true));
        assertThat(simulation.runUntil(() -> done[0])).isTrue();
    }
}
