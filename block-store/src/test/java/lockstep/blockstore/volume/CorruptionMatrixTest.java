package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;

/// Every block that a volume has ever written (data, trees, maps, parity, checksum pages, labels,
/// records), damaged in five ways. Each damage is told of, and repaired to the exact bytes.
///
/// Many are damaged at once, at most one of a stripe, and no disk so often that it would be taken
/// for a bad one. A round is: damage, in half of them read all of the LUN, scrub, compare all of
/// the medium. `-Dmatrix.full=true` does all blocks of 64 MiB; without it a part of a tenth of
/// them.
@NullUnmarked
final class CorruptionMatrixTest {
    private static final boolean FULL = Boolean.getBoolean("matrix.full");
    private static final int SLOTS = 5;
    private static final int DBNS = FULL ? 4096 : 640;
    private static final int LUN_BLOCKS = DBNS * 2;

    // Of the stripes each third is damaged in a round: a disk then has one bad block in fifteen.
    private static final int STRIDE = 3;

    private enum Damage {
        BIT_FLIP,
        ZEROES,
        OLDER_VERSION,
        NEIGHBOURS_CONTENT,
        READ_ERROR
    }

    private VolumeWorld world;
    private final List<byte[][]> history = new ArrayList<>();
    private byte[][][] right;
    private long damaged;
    private long told;
    private final EnumMap<Damage, Long> byDamage = new EnumMap<>(Damage.class);
    private final long[] byArea = new long[4];

    private static VolumeWorld written() {
        VolumeWorld made = new VolumeWorld(77, SLOTS, DBNS, LUN_BLOCKS, CopyState.standalone());
        made.open(() -> made.active != null);
        made.makeLun();
        return made;
    }

    // Consistency points over each other, so that blocks have older versions and some are free.
    private void fill(VolumeWorld source, Runnable afterEach) {
        for (int at = 0; at < LUN_BLOCKS - 200; at += 200) {
            source.write(at, 200);
        }
        source.checkpoint();
        afterEach.run();
        for (int round = 0; round < 4; round++) {
            for (int i = 0; i < DBNS / 100; i++) {
                source.write(source.simulation.random().nextInt(LUN_BLOCKS - 40), 40);
            }
            source.checkpoint();
            afterEach.run();
        }
    }

    @Test
    void everyDamageToAnActiveVolumeIsRepaired() {
        world = written();
        fill(world, this::remember);
        matrix("active volume");
        assertThat(world.check().errors()).isEmpty();
    }

    @Test
    void everyDamageToAMirrorIsRepaired() {
        VolumeWorld source = written();
        CopyState state = CopyState.standalone().as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE);
        world = new VolumeWorld(78, SLOTS, DBNS, 1, state);
        world.open(() -> world.mirror != null);
        fill(
                source,
                () -> {
                    new ImageTransfer(source, world).run();
                    remember();
                });
        matrix("mirror");
        assertThat(world.check().errors()).isEmpty();
    }

    private void remember() {
        byte[][] all = new byte[0][];
        for (byte[][] device : medium()) {
            int from = all.length;
            all = Arrays.copyOf(all, from + device.length);
            System.arraycopy(device, 0, all, from, device.length);
        }
        history.addFirst(all);
    }

    private byte[][][] medium() {
        byte[][][] all = new byte[SLOTS][][];
        for (int slot = 0; slot < SLOTS; slot++) {
            SimDevice device = world.devices.get(slot);
            int blocks = (int) Blocks.containing(device.size());
            all[slot] = new byte[blocks][];
            for (int block = 0; block < blocks; block++) {
                all[slot][block] = device.borrowBlock(Blocks.toBytes(block));
            }
        }
        return all;
    }

    private void matrix(String what) {
        assertThat(ScrubRun.pass(world).findings).as("nothing is wrong before").isEmpty();
        right = medium();
        int rounds = STRIDE * SLOTS;
        int first = 0;
        for (Damage damage : Damage.values()) {
            int every = FULL ? 1 : rounds - 1;
            for (int round = first % every; round < rounds; round += every) {
                round(damage, round);
            }
            first += 3;
        }
        System.out.printf(
                Locale.ROOT,
                "corruption matrix of the %s%s: %d damaged, %d told, all repaired; %s; records and"
                        + " labels %d, checksum pages %d, data %d, parity %d%n",
                what,
                FULL ? "" : " (a part of it)",
                damaged,
                told,
                perDamage(),
                byArea[0],
                byArea[1],
                byArea[2],
                byArea[3]);
        for (long each : byDamage.values()) {
            assertThat(each).isPositive();
        }
        for (long each : byArea) {
            assertThat(each).isPositive();
        }
    }

    private List<String> perDamage() {
        List<String> all = new ArrayList<>();
        for (Damage damage : Damage.values()) {
            String name = damage.name().toLowerCase(Locale.ROOT);
            all.add(name + " " + byDamage.getOrDefault(damage, 0L));
        }
        return all;
    }

    private void round(Damage damage, int round) {
        long before = damaged;
        int badBefore = world.heard.bad;
        for (int block = 0; block < right[0].length; block++) {
            // Blocks of one row are damaged on one disk only: they are a stripe, or copies.
            int row = row(block);
            int slot = (row / STRIDE + round / STRIDE) % SLOTS;
            if (row >= 0 && row % STRIDE == round % STRIDE) {
                damage(damage, slot, block);
            }
        }
        if (world.active != null && round % 2 == 0) {
            world.readAll();
        }
        // Every other time with nothing in memory, as after a start.
        RaidSpace space = round % 4 < 2 ? world.space : new RaidSpace(world.disks);
        ScrubRun run = ScrubRun.pass(world, space);
        long all = (long) run.findings.size() + world.heard.bad - badBefore;
        String name = damage + " round " + round;
        assertThat(all).as(name).isGreaterThanOrEqualTo(damaged - before);
        assertThat(run.lost).as(name).isEmpty();
        assertThat(run.ended.counts().lost()).as(name).isZero();
        assertThat(world.heard.lost + world.heard.membersLost).as(name).isZero();
        told += damaged - before;
        compare(name);
    }

    private long dataStart() {
        return world.disks.groups().getFirst().layout().dataStart();
    }

    // The four copies of a checksum page, of whichever slot, lie in rows that must not be damaged
    // together; -1 for what has no copies while nothing is being written.
    private int row(int block) {
        DiskLayout layout = world.disks.groups().getFirst().layout();
        if (block < 32) {
            boolean scrub = block == 12 || block == 13;
            return scrub ? -1 : block;
        }
        if (block < layout.checksumPage(false, 0, 0)) {
            return -1;
        }
        if (block < layout.dataStart()) {
            long at = (block - layout.checksumPage(false, 0, 0)) % (2 * layout.pages());
            long first = at / 2 / layout.pagesTogether() * layout.pagesTogether();
            int together = layout.neighbours(first, (int) (layout.pages() - first));
            return (int) (first + (at - 2 * first) % together);
        }
        return (int) (block - layout.dataStart());
    }

    private void damage(Damage damage, int slot, int block) {
        SimDevice device = world.devices.get(slot);
        long offset = Blocks.toBytes(block);
        if (device.isFresh(offset)) {
            return;
        }
        byte[] now = right[slot][block];
        byte[] other =
                switch (damage) {
                    case BIT_FLIP -> flipped(now);
                    case ZEROES -> new byte[Blocks.SIZE];
                    case OLDER_VERSION -> older(slot, block);
                    case NEIGHBOURS_CONTENT ->
                            right[slot][Math.min(block, right[0].length - 2) + 1];
                    case READ_ERROR -> null;
                };
        if (other != null && Arrays.equals(other, now)) {
            return;
        }
        if (other == null) {
            device.faults().markUnreadable(offset, Blocks.SIZE);
        } else {
            device.poke(offset, other);
        }
        damaged++;
        byDamage.merge(damage, 1L, Long::sum);
        boolean parity = slot == SLOTS - 1;
        byArea[block < 32 ? 0 : block < dataStart() ? 1 : parity ? 3 : 2]++;
    }

    private byte[] flipped(byte[] block) {
        byte[] copy = block.clone();
        int bit = world.simulation.random().nextInt(8 * copy.length);
        copy[bit / 8] ^= (byte) (1 << (bit % 8));
        return copy;
    }

    // What stood there before; the block itself where it never held anything else.
    private byte[] older(int slot, int block) {
        byte[] now = right[slot][block];
        for (byte[][] all : history) {
            byte[] then = all[slot * right[0].length + block];
            if (!Arrays.equals(then, now)) {
                return then;
            }
        }
        return now;
    }

    // Same array or same bytes.
    private void compare(String name) {
        for (int slot = 0; slot < SLOTS; slot++) {
            SimDevice device = world.devices.get(slot);
            assertThat(device.faults().hasUnreadable()).as("%s: slot %d", name, slot).isFalse();
            for (int block = 0; block < right[slot].length; block++) {
                byte[] found = device.borrowBlock(Blocks.toBytes(block));
                boolean same =
                        block == 12 || block == 13 || Arrays.equals(found, right[slot][block]);
                assertThat(same).as("%s: slot %d block %d", name, slot, block).isTrue();
            }
        }
    }
}
