package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.Joining.NewDisk;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// What is done in a [RaidWorld] to make it larger.
@NullUnmarked
final class DiskGrowth {
    private DiskGrowth() {}

    /// A used disk that is large enough for any group of the world.
    static SimDevice fresh(RaidWorld world) {
        long most = world.devices.stream().mapToLong(SimDevice::size).max().orElseThrow();
        long size = most + Blocks.toBytes(world.simulation.between(0, 9));
        String name = "n" + world.devices.size() + world.extras.size();
        SimDevice device = new SimDevice(world.simulation, name, size);
        device.attach(world.loop).overwriteWithNoise(0, (int) size);
        world.extras.add(device);
        return device;
    }

    /// Gives `group` `count` more disks, or makes it of them; the end is awaited.
    static @Nullable IoFault grow(RaidWorld world, int group, int count) {
        List<NewDisk> disks = disks(world, count);
        IoFault fault = world.await(done -> world.space.grow(group, disks, done));
        world.adopt();
        return fault;
    }

    /// Begins the same.
    static void begin(RaidWorld world, int group, int count, IoCompletion done) {
        List<NewDisk> disks = disks(world, count);
        world.loop.call(() -> world.space.grow(group, disks, done));
    }

    /// Whether the volume of a world that is down, and that lacks no disk, has one of the extras
    /// for a member. Asks the labels only: opened without a member, the volume would do without.
    static boolean hasJoined(RaidWorld world) {
        List<BlockDevice> others = List.copyOf(world.devices);
        List<DiskInventory> read = new ArrayList<>();
        world.loop.call(() -> DiskInventory.read(others, read::add));
        assertThat(world.simulation.runUntil(() -> !read.isEmpty())).as(world.seed()).isTrue();
        return read.getFirst().volumes().getFirst().members().stream()
                .flatMap(Arrays::stream)
                .anyMatch(Objects::isNull);
    }

    private static List<NewDisk> disks(RaidWorld world, int count) {
        List<NewDisk> disks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            UUID uuid = new UUID(4, world.simulation.random().nextLong());
            disks.add(new NewDisk(fresh(world), uuid));
        }
        return disks;
    }

    /// A blank disk takes the place of the one at `index`; awaits the end.
    static void replace(RaidWorld world, int index) {
        long size = world.devices.get(index).size();
        SimDevice device = new SimDevice(world.simulation, "r" + index, size).attach(world.loop);
        assertThat(DiskSwap.replace(world, index, device)).as(world.seed()).isNull();
        DiskSwap.awaitRebuilt(world);
    }

    /// A scrub of all there is finds nothing to mend.
    static void checkScrub(RaidWorld world) {
        assertThat(scrub(world)).as(world.seed()).isEmpty();
    }

    /// What a scrub mends. The first after a rebuild copies older places of checksum pages.
    static List<ScrubFinding> scrub(RaidWorld world) {
        List<ScrubFinding> findings = new ArrayList<>();
        boolean[] ended = new boolean[1];
        SpaceScrub scrub = world.space.scrub(findings::add);
        world.loop.call(() -> step(scrub, 0, 0, () -> ended[0] = true));
        assertThat(world.simulation.runUntil(() -> ended[0])).as(world.seed()).isTrue();
        return findings;
    }

    private static void step(SpaceScrub scrub, int group, long step, Runnable done) {
        if (group == scrub.groups()) {
            done.run();
        } else if (step == scrub.steps(group)) {
            step(scrub, group + 1, 0, done);
        } else {
            scrub.step(group, step, () -> step(scrub, group, step + 1, done));
        }
    }
}
