package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// Row D17: what lends space to the disks has none, neither for writes nor to note a hole.
@NullUnmarked
final class NoSpaceBelowTest {
    private static final long SECOND = 1_000_000_000;

    private static RaidWorld inUse(long seed) {
        RaidWorld world = new RaidWorld(seed, 150, 4);
        world.recover();
        world.consistencyPoint(120);
        return world;
    }

    private static List<IoFault> beginConsistencyPoint(RaidWorld world, int blocks) {
        List<IoFault> ended = new ArrayList<>();
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, blocks);
                    writer.writeOut(
                            fault -> {
                                if (fault == null) {
                                    writer.flush(ended::add);
                                } else {
                                    ended.add(fault);
                                }
                            });
                });
        return ended;
    }

    // The stripes that nothing uses, one by one.
    private static void offerWhatIsFree(RaidWorld world) {
        RaidGeometry geometry = world.space.geometry();
        List<StripeRange> free = new ArrayList<>();
        for (long dbn = 0; dbn < geometry.groups().getFirst().dbnCount(); dbn++) {
            boolean used = false;
            for (int slot = 0; slot < 3; slot++) {
                used |= world.committed.containsKey(geometry.vbn(0, slot, dbn));
            }
            if (!used) {
                free.add(new StripeRange(dbn, 1));
            }
        }
        assertThat(free).hasSizeGreaterThan(10);
        world.loop.call(() -> world.space.holes().offer(0, world.committedCp, free));
    }

    /// Writes held for a disk are not waited for when it leaves, whyever.
    @Test
    void whatIsHeldForADiskThatLeavesEndsWithIt() {
        RaidWorld world = inUse(1);
        world.device(0, 1).faults().fullBelow(true);
        List<IoFault> ended = beginConsistencyPoint(world, 150);
        world.simulation.runFor(20 * SECOND);
        assertThat(ended).isEmpty();
        var group = world.disks.groups().getFirst();
        assertThat(group.disk(1).isOutOfSpace()).isTrue();
        world.loop.call(() -> group.fail(1, "somebody wants it out"));
        world.simulation.runUntil(() -> !ended.isEmpty(), 10 * SECOND);
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(group.disk(1).isOutOfSpace()).isFalse();
        world.committed();
        world.checkContent();
        assertThat(world.heard.groupsLost).isZero();
        assertThat(DiskSwap.replace(world, 1, DiskSwap.replacement(world, 1))).isNull();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
        world.checkContent();
    }

    /// The same for writes that are asked for again at the moment at which it leaves.
    @Test
    void whatIsAskedForAgainIsNotHeldAgainForADiskThatLeft() {
        RaidWorld world = inUse(2);
        SimDevice full = world.device(0, 1);
        full.faults().fullBelow(true);
        List<IoFault> ended = beginConsistencyPoint(world, 150);
        var group = world.disks.groups().getFirst();
        assertThat(world.simulation.runUntil(() -> group.disk(1).isOutOfSpace())).isTrue();
        long before = full.writesSubmitted();
        assertThat(world.simulation.runUntil(() -> full.writesSubmitted() > before)).isTrue();
        world.loop.call(() -> group.fail(1, "somebody wants it out"));
        world.simulation.runUntil(() -> !ended.isEmpty(), 10 * SECOND);
        assertThat(ended).containsExactly((IoFault) null);
    }

    @Test
    void holeThatFindsNoSpaceCostsNoDiskAndNoWaiting() {
        for (long seed = 0; seed < 12; seed++) {
            RaidWorld world = inUse(seed);
            world.committed.keySet().removeIf(vbn -> world.space.geometry().dbnOf(vbn) > 60);
            int full = (int) (seed % 5);
            for (int slot = 0; slot < 4; slot++) {
                // One of the members, or all of them.
                boolean without = full == 4 || slot == full;
                world.device(0, slot).faults().withoutSpaceForHoles(without);
            }
            offerWhatIsFree(world);
            List<IoFault> ended = beginConsistencyPoint(world, 10);
            if (seed % 2 == 0) {
                world.simulation.runUntil(() -> !ended.isEmpty(), 10 * SECOND);
                assertThat(ended).as(world.seed()).containsExactly((IoFault) null);
                world.committed();
            } else {
                world.simulation.runFor(world.simulation.between(0, 8_000_000));
            }
            world.crash(true);
            world.devices.forEach(device -> device.faults().heal());
            world.open();
            world.recover();
            world.checkStripes();
            world.checkContent();
            assertThat(world.heard.membersLost).as(world.seed()).isZero();
            assertThat(world.heard.lost).as(world.seed()).isZero();
            world.consistencyPoint(60);
            // What is left there counts for nothing when a disk has to be rebuilt from it.
            world.devices.get((int) (seed % 4)).faults().failAll("gone");
            world.consistencyPoint(10);
            world.checkContent();
            world.checkStripes();
        }
    }
}
