package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.sim.Seeds;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;

/// Invariants 1, 2 and 3 at the RAID layer, over many seeds: what was committed reads back, and all
/// parity is right, whatever crash or single disk loss comes. `-Draid.seeds=N` runs more.
@NullUnmarked
final class VbnSpaceSimTest {
    static LongStream seeds() {
        return Seeds.of("raid.seeds", 25);
    }

    private static RaidWorld world(long seed) {
        return new RaidWorld(seed, 3 + (int) (seed % 4), 200 + (int) (seed % 3) * 100);
    }

    // Cuts a consistency point off after a drawn number of events, and opens again.
    private static void crashInCp(RaidWorld world, @Nullable SimDevice without) {
        Map<Long, byte[]> doomed = world.draw((int) world.simulation.between(1, 150));
        world.loop.call(
                () -> {
                    CpWriter writer = world.space.begin(world.nextCp());
                    RaidWorld.put(writer, doomed);
                    writer.writeOut(_ -> writer.flush(_ -> {}));
                });
        long events = world.simulation.between(1, 400);
        for (long i = 0; i < events && world.simulation.step(); i++) {}
        world.crash();
        if (world.simulation.oneIn(3)) {
            crashInRecovery(world, without);
        }
        world.open(device -> device != without);
    }

    private static void crashInRecovery(RaidWorld world, @Nullable SimDevice without) {
        world.beginToOpen(device -> device != without, () -> {});
        long events = world.simulation.between(1, 200);
        for (long i = 0; i < events && world.simulation.step(); i++) {}
        world.crash();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void committedBlocksSurviveCrashesAndThenAnyOneDisk(long seed) {
        RaidWorld world = world(seed);
        for (int round = 0; round < 4; round++) {
            world.commit(world.draw((int) world.simulation.between(1, 200)));
            crashInCp(world, null);
            world.verify();
            world.readAll();
        }
        SimDevice gone = world.devices.get(world.simulation.random().nextInt(world.devices.size()));
        world.crash();
        world.open(device -> device != gone);
        world.readAll();
        assertThat(world.space.degraded()).isTrue();
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void committedBlocksSurviveCrashesWhileDegraded(long seed) {
        RaidWorld world = world(seed);
        world.commit(world.draw(200));
        SimDevice gone = world.devices.get(world.simulation.random().nextInt(world.devices.size()));
        world.crash();
        world.open(device -> device != gone);
        for (int round = 0; round < 4; round++) {
            crashInCp(world, gone);
            world.readAll();
            world.commit(world.draw((int) world.simulation.between(1, 200)));
            world.verify();
            world.readAll();
        }
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void memberThatFailsInACpCostsNothing(long seed) {
        RaidWorld world = world(seed);
        world.commit(world.draw(200));
        SimDevice failing =
                world.devices.get(world.simulation.random().nextInt(world.devices.size()));
        Map<Long, byte[]> contents = world.draw(150);
        AtomicReference<CpWriter> writer = new AtomicReference<>();
        world.loop.call(() -> writer.set(world.space.begin(world.nextCp())));
        RaidWorld.put(writer.get(), contents);
        world.simulation.schedule(
                world.simulation.between(0, 2_000_000), () -> failing.faults().failAll("gone"));
        world.await(writer.get()::writeOut);
        world.await(writer.get()::flush);
        writer.get().end();
        world.cpCount++;
        world.model.putAll(contents);
        world.readAll();
        if (world.space.degraded()) {
            // Otherwise the failure came after the end: nobody has asked that disk anything yet.
            world.verify();
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void rottenBlocksAreHealedOnTheDisk(long seed) {
        RaidWorld world = world(seed);
        world.commit(world.draw(200));
        long vbn = world.model.firstKey();
        SimDevice disk = world.devices.get(world.space.geometry().slotOf(vbn));
        disk.corrupt(world.offset(vbn) + 100);
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(vbn, world.model.get(vbn), into)).isEqualTo(Read.Ok.OK);
        assertThat(disk.peek(world.offset(vbn), Blocks.SIZE)).isEqualTo(world.model.get(vbn));
        world.verify();
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3})
    void twoRottenBlocksOfAStripeAreLostAndNeverWrong(long seed) {
        RaidWorld world = new RaidWorld(seed, 3, 200);
        world.commit(world.draw(200));
        long vbn = world.model.firstKey();
        world.devices.get(world.space.geometry().slotOf(vbn)).corrupt(world.offset(vbn));
        world.devices.getLast().corrupt(world.offset(vbn));
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(vbn, world.model.get(vbn), into)).isInstanceOf(Read.Lost.class);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void rotBeforeAnOverwriteOfItsStripeDoesNotSpoilParity(long seed) {
        RaidWorld world = world(seed);
        world.commit(world.draw(200));
        long start = world.disks.groups().getFirst().layout().dataStart();
        for (long dbn = 0; dbn < 150; dbn++) {
            // At most one bad block in a stripe: anything more is beyond the promise.
            if (world.simulation.oneIn(3)) {
                int slot = world.simulation.random().nextInt(world.devices.size());
                boolean written = world.wasWritten(slot, dbn);
                if (written) {
                    world.devices.get(slot).corrupt(Blocks.toBytes(start + dbn) + 7);
                }
            }
        }
        world.commit(world.draw(150));
        world.readAll();
    }
}
