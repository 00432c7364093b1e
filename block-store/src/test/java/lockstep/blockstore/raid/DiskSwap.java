package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/// What is done in a [RaidWorld] to replace a disk.
@NullUnmarked
final class DiskSwap {
    private DiskSwap() {}

    /// A used disk of another size that may take the place of the one at `index`.
    static SimDevice replacement(RaidWorld world, int index) {
        SimDevice old = world.devices.get(index);
        long size = old.size() + Blocks.toBytes(world.simulation.between(0, 9));
        SimDevice device = new SimDevice(world.simulation, old.name() + "n", size);
        device.attach(world.loop).overwriteWithNoise(0, (int) size);
        return device;
    }

    /// Begins to rebuild the member at `index` onto `device`; the end of the beginning is awaited.
    static @Nullable IoFault replace(RaidWorld world, int index, SimDevice device) {
        UUID uuid = take(world, index, device);
        return world.await(
                done ->
                        world.space.replace(
                                world.groupOf(index), world.slotOf(index), device, uuid, done));
    }

    /// Begins the same, whatever becomes of it.
    static void begin(RaidWorld world, int index, SimDevice device) {
        UUID uuid = take(world, index, device);
        world.space.replace(world.groupOf(index), world.slotOf(index), device, uuid, _ -> {});
    }

    private static UUID take(RaidWorld world, int index, SimDevice device) {
        world.devices.set(index, device);
        world.absent.remove(index);
        return new UUID(3, world.simulation.random().nextLong());
    }

    /// Runs until no disk is away any more, and that stands in the labels.
    static void awaitRebuilt(RaidWorld world) {
        long minutes = 10L * 60 * 1_000_000_000;
        boolean whole = world.simulation.runUntil(() -> !world.space.degraded(), minutes);
        assertThat(whole).as("%s rebuilds", world.seed()).isTrue();
        world.simulation.runFor(10_000_000);
    }

    /// Every committed block reads as it was written, or as lost.
    static void checkWhatIsLeft(RaidWorld world) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        for (var block : world.committed.entrySet()) {
            String what = world.seed() + " vbn " + block.getKey();
            Read read = world.read(block.getKey(), RaidWorld.crc(block.getValue()), into);
            boolean right = Arrays.equals(into.array(), block.getValue());
            assertThat(read instanceof Read.Lost || right).as(what).isTrue();
        }
    }
}
