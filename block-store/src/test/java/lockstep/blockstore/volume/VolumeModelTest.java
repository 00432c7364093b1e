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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/// A volume against a twin in memory: a LUN that grows, writes, unmaps and write-sames at random
/// offsets and lengths, consistency points whenever they come, restarts that lose whatever was not
/// durable. Invariants 1, 2, 3, 8 and 9.
final class VolumeModelTest {
    private static final long SPACE_BLOCKS = 4096;
    private static final int LUN_BLOCKS = 700;
    private static final int SECTORS = LUN_BLOCKS * Blocks.SECTORS;

    /// One level of tree; the LUN grows until it has two.
    private static final int FIRST_BLOCKS = 120;

    private final VolumeId id = VolumeId.of(new UUID(7, 7));

    /// One node with one volume, over restarts.
    final class Node {
        final Simulation simulation;
        final SplittableRandom random;
        final SimDevice logDevice;
        final MemorySpace space = new MemorySpace(SPACE_BLOCKS);
        final byte[][] allowedNow = new byte[SECTORS][];
        final List<byte[]>[] maybe = newLists();
        int blocks = FIRST_BLOCKS;
        int outstanding;
        @Nullable ActiveVolume volume;
        @Nullable SimEventLoop loop;
        @Nullable String stopped;

        Node(long seed) {
            simulation = new Simulation(seed);
            random = new SplittableRandom(seed);
            logDevice = new SimDevice(simulation, "log", 64 * 64 * 1024);
            for (int i = 0; i < SECTORS; i++) {
                allowedNow[i] = new byte[Blocks.SECTOR];
            }
        }

        void start(boolean first) {
            loop = simulation.newLoop("node");
            logDevice.attach(loop);
            space.attach(loop);
            volume = null;
            SimEventLoop on = loop;
            if (first) {
                on.call(() -> NvLog.format(logDevice, 64 * 1024, random::nextLong, f -> open(on)));
            } else {
                on.call(() -> open(on));
            }
            assertThat(simulation.runUntil(() -> volume != null)).as("opens").isTrue();
        }

        void open(SimEventLoop on) {
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

        VolumeCopy copyOn(SimEventLoop on, NvLog log) {
            VolumeRoot root =
                    space.root == null
                            ? VolumeCopy.blankRoot(id, SPACE_BLOCKS)
                            : VolumeRoot.decode(ByteBuffer.wrap(space.root));
            CopyState state =
                    space.state == null
                            ? CopyState.standalone()
                            : CopyState.decode(ByteBuffer.wrap(space.state));
            VolumeSettings settings = new VolumeSettings(512 * 1024, 50_000_000, 1_000_000_000, 64);
            return new VolumeCopy(
                    new VolumeCopy.Parts(id, "v", space, log.stream(id), on, settings),
                    java.util.Objects.requireNonNull(root),
                    space.rootOrder,
                    java.util.Objects.requireNonNull(state),
                    space.stateOrder);
        }

        ActiveVolume.Observer observer() {
            return new ActiveVolume.Observer() {
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
                    stopped = reason;
                }
            };
        }

        VolumeOpening.Handler handler(VolumeCopy copy) {
            return new VolumeOpening.Handler() {
                @Override
                public void opened(ActiveVolume opened) {
                    var epoch = copy.state().promised().next(1);
                    copy.save(
                            state -> state.promising(epoch),
                            fault -> {
                                opened.activate(epoch, Legs.LOCAL, null);
                                volume = opened;
                            });
                }

                @Override
                public void refused(String reason) {
                    throw new AssertionError(reason);
                }
            };
        }

        Lun lun() {
            return active().luns().getFirst();
        }

        ActiveVolume active() {
            return java.util.Objects.requireNonNull(volume);
        }

        void run(Runnable task) {
            java.util.Objects.requireNonNull(loop).call(task);
        }
    }

    @SuppressWarnings({"unchecked", "rawtypes"})
    private static List<byte[]>[] newLists() {
        List<byte[]>[] lists = new List[SECTORS];
        Arrays.setAll(lists, i -> new ArrayList<byte[]>());
        return lists;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
    void aVolumeNeverDiffersFromItsTwin(long seed) {
        Node node = new Node(seed);
        node.start(true);
        putLun(node);
        for (int round = 0; round < 12; round++) {
            if (round % 3 == 2) {
                node.blocks = Math.min(LUN_BLOCKS, node.blocks + 200);
                putLun(node);
            }
            for (int i = 0; i < 60; i++) {
                oneOperation(node);
                node.simulation.runFor(node.random.nextLong(3_000_000));
            }
            verifySome(node);
            if (node.random.nextInt(3) == 0) {
                node.simulation.runUntil(() -> node.outstanding == 0);
                UpdateModel.checkExtents(node);
                settle(node);
                UpdateModel.checkExtents(node);
                check(node);
            }
            if (node.random.nextInt(2) == 0) {
                java.util.Objects.requireNonNull(node.loop).stop();
                node.logDevice.crash();
                node.outstanding = 0;
                node.start(false);
                verifyAll(node);
            }
        }
        assertThat(node.stopped).isNull();
    }

    /// Makes the LUN, or lets it grow while writes are under way.
    private static void putLun(Node node) {
        Outcome[] made = new Outcome[1];
        UUID identity = new UUID(1, node.simulation.seed());
        LunRecord record = new LunRecord(0, "l", identity, Blocks.toBytes(node.blocks));
        node.run(() -> node.active().putLun(record, outcome -> made[0] = outcome));
        assertThat(node.simulation.runUntil(() -> made[0] != null)).isTrue();
        assertThat(made[0]).isEqualTo(Outcome.done());
    }

    private void oneOperation(Node node) {
        if (node.random.nextInt(4) == 0 && UpdateModel.oneUpdate(node)) {
            return;
        }
        int sectors = node.blocks * Blocks.SECTORS;
        int sector = node.random.nextInt(sectors);
        int count = 1 + node.random.nextInt(Math.min(64, sectors - sector));
        if (node.random.nextBoolean()) {
            sector &= ~7;
            count = Math.min((count + 7) & ~7, sectors - sector);
        }
        byte[] data = new byte[count * Blocks.SECTOR];
        int first = sector;
        int kind = node.random.nextInt(10);
        long offset = (long) first * Blocks.SECTOR;
        if (kind < 7) {
            node.random.nextBytes(data);
        } else if (kind == 8) {
            byte[] pattern = new byte[Blocks.SECTOR];
            node.random.nextBytes(pattern);
            for (int i = 0; i < count; i++) {
                System.arraycopy(pattern, 0, data, i * Blocks.SECTOR, Blocks.SECTOR);
            }
        }
        for (int i = 0; i < count; i++) {
            node.maybe[first + i].add(slice(data, i));
        }
        Outcome.Handler done = outcome -> acknowledged(node, first, data, outcome);
        node.outstanding++;
        node.run(
                () -> {
                    if (kind < 7) {
                        node.lun().write(offset, IoBuffer.unpooled(ByteBuffer.wrap(data)), done);
                    } else if (kind == 8) {
                        node.lun()
                                .writeSame(
                                        offset, data.length, ByteBuffer.wrap(slice(data, 0)), done);
                    } else {
                        node.lun().unmap(offset, data.length, done);
                    }
                });
    }

    static byte[] slice(byte[] data, int sector) {
        return Arrays.copyOfRange(data, sector * Blocks.SECTOR, (sector + 1) * Blocks.SECTOR);
    }

    /// Acknowledged in order of sequence, so an acknowledgement outdates everything before it.
    static void acknowledged(Node node, int first, byte[] data, Outcome outcome) {
        node.outstanding--;
        assertThat(outcome).isEqualTo(Outcome.done());
        for (int i = 0; i < data.length / Blocks.SECTOR; i++) {
            byte[] mine = slice(data, i);
            List<byte[]> pending = node.maybe[first + i];
            int at = 0;
            while (!Arrays.equals(pending.get(at), mine)) {
                at++;
            }
            pending.subList(0, at + 1).clear();
            node.allowedNow[first + i] = mine;
        }
    }

    private void verifySome(Node node) {
        int sectors = node.blocks * Blocks.SECTORS;
        for (int i = 0; i < 10; i++) {
            int sector = node.random.nextInt(sectors);
            verify(node, sector, 1 + node.random.nextInt(Math.min(100, sectors - sector)));
        }
    }

    private void verifyAll(Node node) {
        int sectors = node.blocks * Blocks.SECTORS;
        for (int sector = 0; sector < sectors; sector += 800) {
            verify(node, sector, Math.min(800, sectors - sector));
        }
    }

    private void verify(Node node, int sector, int count) {
        ByteBuffer into = ByteBuffer.allocate(count * Blocks.SECTOR);
        Outcome[] ended = new Outcome[1];
        node.run(
                () ->
                        node.lun()
                                .read(
                                        (long) sector * Blocks.SECTOR,
                                        into,
                                        outcome -> ended[0] = outcome));
        assertThat(node.simulation.runUntil(() -> ended[0] != null)).as("answered").isTrue();
        assertThat(ended[0]).isEqualTo(Outcome.done());
        for (int i = 0; i < count; i++) {
            byte[] found = slice(into.array(), i);
            boolean right = Arrays.equals(found, node.allowedNow[sector + i]);
            for (byte[] pending : node.maybe[sector + i]) {
                right |= Arrays.equals(found, pending);
            }
            assertThat(right)
                    .as("sector %d of seed %d", sector + i, node.simulation.seed())
                    .isTrue();
        }
    }

    private void settle(Node node) {
        boolean[] done = new boolean[1];
        node.run(() -> node.active().checkpoint(() -> done[0] = true));
        assertThat(node.simulation.runUntil(() -> done[0])).isTrue();
    }

    private void check(Node node) {
        VolumeCheck.Report[] report = new VolumeCheck.Report[1];
        node.run(() -> VolumeCheck.run(node.active().copy(), found -> report[0] = found));
        assertThat(node.simulation.runUntil(() -> report[0] != null)).isTrue();
        assertThat(java.util.Objects.requireNonNull(report[0]).errors()).isEmpty();
    }
}
