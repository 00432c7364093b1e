package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.sim.HeldSpace;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.Arrays;

/// Space that an UNMAP or a deletion has freed goes back below, on the source and on the mirror,
/// and comes again when it is written.
@NullUnmarked
final class VolumeHolesTest {
    private static final int SLOTS = 4;
    private static final int DBNS = 900;
    private static final int BLOCKS = 1200;
    private static final HoleSettings SETTINGS = new HoleSettings(1L << 40, 20_000_000, 64);

    private static VolumeWorld filled(long seed) {
        return filled(seed, DBNS, BLOCKS);
    }

    private static VolumeWorld filled(long seed, int dbns, int blocks) {
        VolumeWorld world = new VolumeWorld(seed, SLOTS, dbns, blocks, CopyState.standalone());
        world.open(() -> world.active != null);
        world.makeLun();
        for (int at = 0; at < blocks; at += 100) {
            world.write(at, 100);
        }
        world.checkpoint();
        return world;
    }

    private static void unmap(VolumeWorld world, int first, int blocks) {
        forget(world, first, blocks);
        world.checkpoint();
    }

    private static void forget(VolumeWorld world, int first, int blocks) {
        int from = first * Blocks.SIZE;
        Arrays.fill(world.content, from, from + blocks * Blocks.SIZE, (byte) 0);
        world.succeed(
                done ->
                        world.active
                                .luns()
                                .getFirst()
                                .unmap(Blocks.toBytes(first), Blocks.toBytes(blocks), done));
    }

    private static VolumeHoles start(VolumeWorld world) {
        return start(world, SETTINGS);
    }

    private static VolumeHoles start(VolumeWorld world, HoleSettings settings) {
        Runnable checkpoint =
                () -> {
                    if (world.active != null) {
                        world.active.checkpointSoon();
                    }
                };
        return start(world, settings, checkpoint);
    }

    private static VolumeHoles start(VolumeWorld world, HoleSettings settings, Runnable wantCp) {
        VolumeHoles holes =
                new VolumeHoles(() -> world.copy, () -> true, world.space, settings, wantCp);
        world.loop.call(holes::open);
        return holes;
    }

    private static void close(VolumeWorld world, VolumeHoles holes) {
        boolean[] quiet = new boolean[1];
        world.loop.call(() -> holes.close(() -> quiet[0] = true));
        world.await(() -> quiet[0]);
    }

    // Until it has come to rest after `change`.
    private static long giveBack(VolumeWorld world, Runnable change) {
        return giveBack(world, SETTINGS, change);
    }

    private static long giveBack(VolumeWorld world, HoleSettings settings, Runnable change) {
        VolumeHoles holes = start(world, settings);
        world.simulation.runFor(1_000_000_000L);
        change.run();
        long before = -1;
        while (holes.givenBack() > before) {
            before = holes.givenBack();
            world.simulation.runFor(5_000_000_000L);
        }
        close(world, holes);
        return before;
    }

    private static int held(VolumeWorld world) {
        DiskLayout layout = world.disks.groups().getFirst().layout();
        int held = 0;
        for (SimDevice device : world.devices) {
            long from = Blocks.toBytes(layout.dataStart());
            held += HeldSpace.blocks(device, from, layout.dbnCount());
        }
        return held;
    }

    private static void checkAll(VolumeWorld world) {
        world.readAll();
        assertThat(world.check().errors()).isEmpty();
        assertThat(ScrubRun.pass(world).findings).isEmpty();
        assertThat(world.heard.lost + world.heard.bad + world.heard.membersLost).isZero();
    }

    @Test
    void unmappedSpaceGoesBackAndComesAgain() {
        VolumeWorld world = filled(1);
        int full = held(world);
        assertThat(giveBack(world, () -> {})).isZero();
        assertThat(held(world)).isGreaterThanOrEqualTo(full);
        long given = giveBack(world, () -> unmap(world, 0, BLOCKS));
        assertThat(given).isPositive();
        assertThat(held(world)).isLessThan(full / 3);
        checkAll(world);
        world.crash(true);
        world.open(() -> world.active != null);
        checkAll(world);
        assertThat(giveBack(world, () -> {})).isZero();
        for (int at = 0; at < BLOCKS; at += 100) {
            world.write(at, 100);
        }
        world.checkpoint();
        assertThat(held(world)).isGreaterThan(full * 3 / 4);
        checkAll(world);
        world.crash(true);
        world.open(() -> world.active != null);
        checkAll(world);
    }

    @Test
    void deletedLunGoesBackThoughNobodyWrites() {
        VolumeWorld world = filled(2);
        int full = held(world);
        giveBack(
                world,
                () -> world.succeed(done -> world.active.snapshots().deleteLun(0, false, done)));
        // A last part may be too little to begin another pass for.
        assertThat(held(world)).isLessThan(full / 2);
        assertThat(world.check().errors()).isEmpty();
    }

    /// What is free in many small pieces is more than a note of dirty stripes holds.
    @Test
    void whatOneConsistencyPointCannotTakeTheNextDo() {
        int pieces = 1_000;
        VolumeWorld world = filled(7, 3 * pieces, 2 * pieces * (SLOTS - 1));
        HoleSettings small = new HoleSettings(1L << 40, 20_000_000, 1);
        Runnable unmap =
                () -> {
                    for (int i = 0; i < pieces; i++) {
                        forget(world, 2 * i * (SLOTS - 1), SLOTS - 1);
                    }
                    world.checkpoint();
                };
        // Of 468 stripes that become free the first offer gives 366.
        assertThat(giveBack(world, small, unmap)).isGreaterThan(Blocks.toBytes(400 * SLOTS));
        checkAll(world);
    }

    @Test
    void mirrorGivesBackToo() {
        VolumeWorld source = filled(3);
        CopyState state = CopyState.standalone().as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE);
        // Of larger disks: most of its stripes have blocks that the volume does not have.
        VolumeWorld mirror = new VolumeWorld(4, SLOTS, DBNS + 600, BLOCKS, state);
        mirror.open(() -> mirror.mirror != null);
        new ImageTransfer(source, mirror).run();
        int full = held(mirror);
        VolumeHoles holes = start(mirror);
        mirror.simulation.runFor(1_000_000_000L);
        unmap(source, 0, BLOCKS);
        for (int i = 0; i < 8; i++) {
            source.checkpoint();
            new ImageTransfer(source, mirror).run();
            mirror.simulation.runFor(2_000_000_000L);
            assertThat(ScrubRun.pass(mirror).findings).isEmpty();
        }
        close(mirror, holes);
        assertThat(holes.givenBack()).isPositive();
        assertThat(held(mirror)).isLessThan(full / 2);
        for (int at = 0; at < BLOCKS; at += 100) {
            source.write(at, 100);
        }
        source.checkpoint();
        new ImageTransfer(source, mirror).run();
        assertThat(ScrubRun.pass(mirror).findings).isEmpty();
        assertThat(mirror.check().errors()).isEmpty();
        assertThat(mirror.heard.lost + mirror.heard.bad).isZero();
    }

    /// Only for what it offers: its source asks for itself, and they must not keep each other
    /// awake.
    @Test
    void idleMirrorAsksForNothing() {
        VolumeWorld source = filled(8);
        CopyState state = CopyState.standalone().as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE);
        VolumeWorld mirror = new VolumeWorld(9, SLOTS, DBNS, BLOCKS, state);
        mirror.open(() -> mirror.mirror != null);
        new ImageTransfer(source, mirror).run();
        assertThat(mirror.copy.root().dead().top().isHole()).isFalse();
        int[] asked = new int[1];
        VolumeHoles holes = start(mirror, SETTINGS, () -> asked[0]++);
        mirror.simulation.runFor(1_000_000_000L);
        assertThat(asked[0]).isZero();
        unmap(source, 0, BLOCKS);
        for (int i = 0; i < 3; i++) {
            source.checkpoint();
            new ImageTransfer(source, mirror).run();
            mirror.simulation.runFor(1_000_000_000L);
        }
        assertThat(asked[0]).isPositive();
        close(mirror, holes);
    }

    /// One made for holes alone would cost busy hosts their tree blocks once more.
    @Test
    void busyHostsHaveNoConsistencyPointMadeForHoles() {
        VolumeWorld world = filled(10);
        long before = world.copy.root().cp().count();
        world.loop.call(() -> world.active.checkpointSoon());
        world.simulation.runFor(40_000_000);
        assertThat(world.copy.root().cp().count()).isEqualTo(before + 1);
        world.write(0, 1);
        world.loop.call(() -> world.active.checkpointSoon());
        world.await(() -> world.copy.root().cp().count() > before + 1);
        assertThat(world.copy.root().cp().count()).isEqualTo(before + 2);
        world.write(1, 1);
        long written = world.simulation.nowNanos();
        world.loop.call(() -> world.active.checkpointSoon());
        world.await(() -> world.copy.root().cp().count() > before + 2);
        assertThat(world.simulation.nowNanos() - written).isGreaterThan(30_000_000L);
    }

    /// A crash at any moment, under writes, costs nothing; what was not given back then is later.
    @ParameterizedTest
    @ValueSource(longs = {11, 12, 13, 14, 15, 16})
    void crashCostsNothing(long seed) {
        VolumeWorld world = filled(seed);
        int given = 0;
        for (int round = 0; round < 4; round++) {
            int first = 100 * (int) world.simulation.between(0, 3);
            VolumeHoles holes = start(world);
            world.simulation.runFor(100_000_000);
            unmap(world, first, 800);
            world.simulation.runFor(world.simulation.between(1_000_000, 400_000_000));
            world.write(first, 50);
            world.simulation.runFor(world.simulation.between(0, 5_000_000));
            given += holes.givenBack() > 0 ? 1 : 0;
            world.crash(world.simulation.oneIn(2));
            world.open(() -> world.active != null);
            checkAll(world);
            for (int at = first; at < first + 800; at += 100) {
                world.write(at, 100);
            }
            world.checkpoint();
        }
        assertThat(given).isPositive();
        assertThat(giveBack(world, () -> unmap(world, 0, BLOCKS))).isPositive();
        checkAll(world);
    }

    /// Row D17: no space left below a sparse disk stops writes, with a word for it, and fails no
    /// disk; what was acknowledged is kept, and all goes on when there is space again.
    @Test
    void d17NoSpaceBelowStopsWritesAndFailsNoDisk() {
        VolumeWorld world = filled(5);
        giveBack(world, () -> unmap(world, 0, 600));
        // What can be written without new space still is.
        SimDevice full = world.devices.get(1);
        full.faults().fullBelow(true);
        int at = 0;
        Outcome last = Outcome.done();
        while (last.isDone() && at < 600) {
            last = tryWrite(world, at);
            at += last.isDone() ? 20 : 0;
            world.loop.call(() -> world.active.checkpoint(null));
            world.simulation.runFor(200_000_000);
        }
        assertThat(last).isEqualTo(new Outcome.NoSpace());
        assertThat(world.space.isOutOfSpace()).isTrue();
        world.simulation.runFor(120_000_000_000L);
        assertThat(tryWrite(world, at)).isEqualTo(new Outcome.NoSpace());
        world.readAll();
        assertThat(world.heard.membersLost + world.heard.groupsLost).isZero();
        assertThat(world.stopped).isNull();

        full.faults().fullBelow(false);
        world.simulation.runFor(5_000_000_000L);
        assertThat(world.space.isOutOfSpace()).isFalse();
        assertThat(tryWrite(world, at)).isEqualTo(Outcome.done());
        world.checkpoint();
        checkAll(world);
    }

    /// The same, and the power fails before there is space again: the log has what was
    /// acknowledged.
    @Test
    void d17RestartWithoutSpaceKeepsWhatWasAcknowledged() {
        VolumeWorld world = filled(6);
        giveBack(world, () -> unmap(world, 0, 1000));
        world.devices.getFirst().faults().fullBelow(true);
        for (int at = 0; at < 1000 && !world.space.isOutOfSpace(); at += 20) {
            tryWrite(world, at);
            world.loop.call(() -> world.active.checkpoint(null));
            world.simulation.runFor(200_000_000);
        }
        assertThat(world.space.isOutOfSpace()).isTrue();
        world.crash(true);
        world.devices.getFirst().faults().fullBelow(false);
        world.open(() -> world.active != null);
        world.checkpoint();
        checkAll(world);
    }

    // The content is what it must be in either case.
    private static Outcome tryWrite(VolumeWorld world, int first) {
        int from = first * Blocks.SIZE;
        byte[] before = Arrays.copyOfRange(world.content, from, from + 20 * Blocks.SIZE);
        byte[] data = new byte[20 * Blocks.SIZE];
        world.simulation.random().nextBytes(data);
        System.arraycopy(data, 0, world.content, from, data.length);
        var buffer = lockstep.blockstore.base.IoBuffer.unpooled(java.nio.ByteBuffer.wrap(data));
        Outcome ended =
                world.outcome(
                        done ->
                                world.active
                                        .luns()
                                        .getFirst()
                                        .write(Blocks.toBytes(first), buffer, done));
        if (!ended.isDone()) {
            System.arraycopy(before, 0, world.content, from, before.length);
        }
        return ended;
    }
}
