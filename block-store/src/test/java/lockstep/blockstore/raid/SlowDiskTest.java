package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskPatience;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Disks that take long, or do not answer at all (D9).
@NullUnmarked
final class SlowDiskTest {
    private static final long SECOND = 1_000_000_000;

    private static RaidWorld inUse(long seed) {
        RaidWorld world = new RaidWorld(seed, 200, 5);
        world.recover();
        world.consistencyPoint(300);
        return world;
    }

    private static long onSlot(RaidWorld world, int slot) {
        return world.committed.keySet().stream()
                .filter(vbn -> world.space.geometry().slotOf(vbn) == slot)
                .findFirst()
                .orElseThrow();
    }

    @Test
    void d9HungDiskIsEvictedAndTheConsistencyPointGoesOn() {
        for (int slot = 0; slot < 5; slot++) {
            RaidWorld world = inUse(slot);
            SimDevice hung = world.device(0, slot);
            hung.faults().hang();
            world.consistencyPoint(200);
            assertThat(world.heard.membersLost).isEqualTo(1);
            assertThat(world.space.status().get(slot).reason()).contains("did not answer");
            world.checkContent();
            // What it was asked comes out now, and nobody is misled by it.
            hung.answerAgain();
            world.consistencyPoint(60);
            world.checkContent();
            world.checkStripes();
            assertThat(DiskSwap.replace(world, slot, hung)).isNull();
            DiskSwap.awaitRebuilt(world);
            world.checkStripes();
        }
    }

    @Test
    void d9DiskThatHangsInTheMiddleOfAConsistencyPointIsEvicted() {
        for (int seed = 0; seed < 20; seed++) {
            RaidWorld world = inUse(seed);
            List<IoFault> ended = new ArrayList<>();
            world.loop.call(
                    () -> {
                        CpWriter writer = world.begin();
                        world.putSome(writer, 100);
                        writer.writeOut(_ -> writer.flush(ended::add));
                    });
            world.simulation.runFor(world.simulation.between(0, 3_000_000));
            SimDevice hung = world.anyDevice();
            hung.faults().hang();
            assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
            assertThat(ended).containsExactly((IoFault) null);
            world.committed();
            hung.answerAgain();
            world.checkContent();
            world.consistencyPoint(50);
            world.checkStripes();
            world.checkContent();
        }
    }

    @Test
    void d9ReadOfASlowDiskIsAnsweredFromTheOthers() {
        RaidWorld world = inUse(1);
        long vbn = onSlot(world, 2);
        byte[] content = world.committed.get(vbn);
        SimDevice slow = world.device(0, 2);
        slow.faults().hang();
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(vbn, RaidWorld.crc(content), into)).isEqualTo(Read.Ok.OK);
        assertThat(into.array()).isEqualTo(content);
        assertThat(world.readRun(vbn, 1)).containsExactly(Read.Ok.OK);
        assertThat(world.heard.membersLost).isZero();
        assertThat(world.heard.bad).isZero();
        // The buffer is the reader's again: what comes late does not go into it.
        Arrays.fill(into.array(), (byte) 7);
        slow.answerAgain();
        world.simulation.runFor(SECOND);
        assertThat(into.array()).containsOnly(7);
        world.checkContent();
        world.checkStripes();
        assertThat(world.space.degraded()).isFalse();
    }

    @Test
    void slowDiskIsWaitedForWhereTheOthersDoNotHaveTheBlock() {
        RaidWorld world = inUse(2);
        long vbn = onSlot(world, 1);
        world.device(0, 4).corrupt(world.offsetOf(vbn));
        world.device(0, 1).faults().slowDown(2 * SECOND);
        int crc = RaidWorld.crc(world.committed.get(vbn));
        assertThat(world.read(vbn, crc, ByteBuffer.allocate(Blocks.SIZE))).isEqualTo(Read.Ok.OK);
        assertThat(world.heard.membersLost).isZero();
    }

    @Test
    void hungDiskThatTheGroupCannotDoWithoutIsWaitedFor() {
        RaidWorld world = inUse(3);
        world.device(0, 0).faults().failAll("gone");
        world.consistencyPoint(30);
        SimDevice hung = world.device(0, 1);
        hung.faults().hang();
        List<IoFault> ended = new ArrayList<>();
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, 30);
                    writer.writeOut(_ -> writer.flush(ended::add));
                });
        world.simulation.runFor(60 * SECOND);
        assertThat(ended).isEmpty();
        assertThat(world.heard.groupsLost).isZero();
        hung.answerAgain();
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        assertThat(ended).containsExactly((IoFault) null);
        world.committed();
        world.checkContent();
    }

    @Test
    void d9VolumeIsOpenedWithoutADiskThatDoesNotAnswer() {
        RaidWorld world = inUse(4);
        world.crash(true);
        world.device(0, 3).faults().hang();
        List<DiskInventory> seen = new ArrayList<>();
        List<BlockDevice> found = List.copyOf(world.devices);
        world.loop.call(
                () ->
                        DiskInventory.read(
                                found, world.loop.clock(), DiskPatience.DEFAULT, seen::add));
        assertThat(world.simulation.runUntil(() -> !seen.isEmpty())).isTrue();
        assertThat(seen.getFirst().faults().getFirst().text()).contains("does not answer");
        assertThat(seen.getFirst().volumes().getFirst().members().getFirst()[3]).isNull();
        world.device(0, 3).answerAgain();
        world.open();
        world.recover();
        world.checkContent();
    }

    @Test
    void d9NewDiskThatHangsIsNotWaitedForEither() {
        RaidWorld world = inUse(5);
        world.device(0, 3).faults().failAll("gone");
        world.consistencyPoint(30);
        SimDevice hung = DiskSwap.replacement(world, 3);
        hung.faults().hang();
        assertThat(DiskSwap.replace(world, 3, hung)).isNotNull();
        world.consistencyPoint(30);
        assertThat(DiskSwap.replace(world, 3, DiskSwap.replacement(world, 3))).isNull();
        DiskSwap.awaitRebuilt(world);
        world.checkStripes();
    }

    @Test
    void nodeThatStoodStillBlamesNoDisk() {
        RaidWorld world = inUse(6);
        SimDevice slow = world.device(0, 1);
        slow.faults().hang();
        List<IoFault> ended = new ArrayList<>();
        world.loop.call(
                () -> {
                    CpWriter writer = world.begin();
                    world.putSome(writer, 100);
                    writer.writeOut(_ -> writer.flush(ended::add));
                });
        world.simulation.runFor(SECOND / 20);
        world.loop.pause();
        world.simulation.runFor(20 * SECOND);
        // The answer waits behind the task that looks for it.
        slow.answerAgain();
        world.simulation.runFor(SECOND);
        world.loop.resume();
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(world.heard.membersLost).isZero();
    }
}
