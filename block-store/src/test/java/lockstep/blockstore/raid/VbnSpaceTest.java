package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.Collections;

@NullUnmarked
final class VbnSpaceTest {
    private static final long FIRST = 10;
    private static final int COUNT = 60;

    private static RaidWorld written() {
        RaidWorld world = new RaidWorld(4, 200, 4);
        world.recover();
        CpWriter writer = world.begin();
        for (long vbn = FIRST; vbn < FIRST + COUNT; vbn++) {
            world.put(writer, vbn);
        }
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.committedCp = writer.cp();
        world.loop.call(writer::end);
        world.committed.putAll(world.pending);
        world.pending.clear();
        return world;
    }

    private static int crc(RaidWorld world, long vbn) {
        return RaidWorld.crc(world.committed.get(vbn));
    }

    @Test
    void runIsReadWithOneRequest() {
        RaidWorld world = written();
        long before = reads(world);
        assertThat(world.readRun(FIRST, COUNT)).isEqualTo(Collections.nCopies(COUNT, Read.Ok.OK));
        assertThat(reads(world) - before).isEqualTo(1);
    }

    private static long reads(RaidWorld world) {
        return world.devices.stream().mapToLong(SimDevice::readsSubmitted).sum();
    }

    @Test
    void runOverTheEndOfADiskIsReadWithOneRequestForEach() {
        RaidWorld world = written();
        long dbns = world.space.geometry().groups().getFirst().dbnCount();
        CpWriter writer = world.begin();
        for (long vbn = dbns - 5; vbn < dbns + 5; vbn++) {
            world.put(writer, vbn);
        }
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.loop.call(writer::end);
        world.committed.putAll(world.pending);
        long before = reads(world);
        assertThat(world.readRun(dbns - 5, 10)).isEqualTo(Collections.nCopies(10, Read.Ok.OK));
        assertThat(reads(world) - before).isEqualTo(2);
    }

    @Test
    void badBlocksOfARunAreHealed() {
        RaidWorld world = written();
        world.deviceOf(FIRST + 3).corrupt(world.offsetOf(FIRST + 3));
        long unreadable = world.offsetOf(FIRST + 9);
        world.deviceOf(FIRST + 9).faults().markUnreadable(unreadable, Blocks.SIZE);
        assertThat(world.readRun(FIRST, COUNT)).isEqualTo(Collections.nCopies(COUNT, Read.Ok.OK));
        for (long vbn : new long[] {FIRST + 3, FIRST + 9}) {
            byte[] healed = world.deviceOf(vbn).peek(world.offsetOf(vbn), Blocks.SIZE);
            assertThat(healed).isEqualTo(world.committed.get(vbn));
        }
        assertThat(world.heard.healed).isEqualTo(2);
        assertThat(world.space.status().getFirst().checksumErrors()).isEqualTo(1);
        long before = reads(world);
        assertThat(world.readRun(FIRST, COUNT)).doesNotHaveAnyElementsOfTypes(Read.Lost.class);
        assertThat(reads(world) - before).isEqualTo(1);
    }

    @Test
    void runOfAnAbsentDiskIsWorkedOut() {
        RaidWorld world = written();
        world.crash(true);
        world.absent.add(0);
        world.open();
        world.recover();
        assertThat(world.readRun(FIRST, COUNT)).isEqualTo(Collections.nCopies(COUNT, Read.Ok.OK));
    }

    @Test
    void blockWithoutAnyGoodCopyIsLostAndNeverWrong() {
        RaidWorld world = written();
        world.deviceOf(FIRST).corrupt(world.offsetOf(FIRST));
        world.device(0, 3).corrupt(world.offsetOf(FIRST));
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(FIRST, crc(world, FIRST), into)).isInstanceOf(Read.Lost.class);
        assertThat(world.read(FIRST + 1, crc(world, FIRST + 1), into)).isEqualTo(Read.Ok.OK);
    }

    /// There is nothing to work it out from: a disk is away, or another block of the stripe is bad.
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void transientErrorCostsNoBlockWhereThereIsNoRedundancy(boolean away) {
        RaidWorld world = written();
        if (away) {
            world.device(0, 3).faults().failAll("gone");
            world.consistencyPoint(20);
            assertThat(world.space.degraded()).isTrue();
        } else {
            world.device(0, 3).corrupt(world.offsetOf(FIRST));
        }
        boolean[] failed = new boolean[1];
        long at = world.offsetOf(FIRST);
        world.committed.put(FIRST, world.deviceOf(FIRST).peek(at, Blocks.SIZE));
        world.deviceOf(FIRST)
                .faults()
                .failReads(
                        (offset, length) -> {
                            boolean first = !failed[0] && at >= offset && at < offset + length;
                            failed[0] |= first;
                            return first;
                        });
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(FIRST, crc(world, FIRST), into)).isEqualTo(Read.Ok.OK);
        assertThat(into.array()).isEqualTo(world.committed.get(FIRST));
        assertThat(failed[0]).isTrue();
        assertThat(world.heard.lost).isZero();
    }

    @Test
    void anotherChecksumThanTheBlockHasIsLost() {
        RaidWorld world = written();
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.read(FIRST, crc(world, FIRST) + 1, into)).isInstanceOf(Read.Lost.class);
    }

    @Test
    void groupThatLostTwoDisksIsNotWritten() {
        RaidWorld world = written();
        world.device(0, 0).faults().failAll("gone");
        world.device(0, 1).faults().failAll("gone too");
        CpWriter writer = world.begin();
        world.put(writer, 100);
        assertThat(world.await(writer::writeOut)).isNotNull();
        assertThat(world.heard.groupsLost).isEqualTo(1);
    }

    @Test
    void wholeStripesAreFewRequests() {
        RaidWorld world = new RaidWorld(4, 200, 4);
        world.recover();
        CpWriter writer = world.begin();
        for (int slot = 0; slot < 3; slot++) {
            for (int dbn = 0; dbn < StripeChunk.MAXIMUM; dbn++) {
                world.put(writer, world.space.geometry().vbn(0, slot, dbn));
            }
        }
        long before = world.devices.stream().mapToLong(SimDevice::writesSubmitted).sum();
        world.succeed(writer::writeOut);
        long after = world.devices.stream().mapToLong(SimDevice::writesSubmitted).sum();
        // On each disk: one note, one run, and a checksum page in two places.
        assertThat(after - before).isEqualTo(4 * (1 + 1 + 2));
    }
}
