package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimFaults;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a single fault of a disk costs: nothing. The names begin with the fault's number: D1 a
/// sector that cannot be read, D2 rot, D3 a lost write, D4 a misdirected write, D5 a read that went
/// wrong once, D6 a write torn by a crash, D7 a write that fails, D8 a flush that fails. D12, D13
/// and D16 are about whole volumes (`VolumeFaultRowsTest`, `VolumeScrubTest`).
@NullUnmarked
final class FaultRowsTest {
    private final RaidWorld world = new RaidWorld(31, 300, 4);

    FaultRowsTest() {
        world.recover();
        world.consistencyPoint(200);
    }

    private long anyVbn() {
        List<Long> all = new ArrayList<>(world.committed.keySet());
        return all.get(world.simulation.random().nextInt(all.size()));
    }

    private byte[] onDisk(long vbn) {
        return world.deviceOf(vbn).peek(world.offsetOf(vbn), Blocks.SIZE);
    }

    private void assertReads(long vbn) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        int crc = RaidWorld.crc(world.committed.get(vbn));
        assertThat(world.read(vbn, crc, into)).isEqualTo(Read.Ok.OK);
        assertThat(into.array()).isEqualTo(world.committed.get(vbn));
    }

    private List<ScrubFinding> scrub() {
        List<ScrubFinding> findings = new ArrayList<>();
        boolean[] ended = new boolean[1];
        SpaceScrub scrub = world.space.scrub(findings::add);
        world.loop.call(() -> next(scrub, 0, ended));
        assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
        return findings;
    }

    private void next(SpaceScrub scrub, long step, boolean[] ended) {
        if (step == scrub.steps(0)) {
            ended[0] = true;
        } else {
            scrub.step(0, step, () -> next(scrub, step + 1, ended));
        }
    }

    @Test
    void d1UnreadableSectorIsWorkedOutAndWrittenAgainAndTheDiskStays() {
        long vbn = anyVbn();
        SimDevice disk = world.deviceOf(vbn);
        disk.faults().markUnreadable(world.offsetOf(vbn), Blocks.SIZE);
        assertReads(vbn);
        assertThat(disk.faults().hasUnreadable()).isFalse();
        assertThat(world.heard.healed).isEqualTo(1);
        assertThat(world.space.degraded()).isFalse();
        disk.faults().markUnreadable(world.offsetOf(vbn), Blocks.SIZE);
        assertThat(scrub()).hasSize(1);
        assertThat(disk.faults().hasUnreadable()).isFalse();
        assertThat(world.space.degraded()).isFalse();
    }

    @Test
    void d2RotIsHealedAndNeverGoesIntoParity() {
        long vbn = anyVbn();
        world.deviceOf(vbn).corrupt(world.offsetOf(vbn) + 5);
        SimDevice parity = world.device(0, 3);
        byte[] before = parity.peek(world.offsetOf(vbn), Blocks.SIZE);
        assertThat(scrub()).extracting(ScrubFinding::kind).containsOnly(ScrubFinding.Kind.DATA);
        assertThat(onDisk(vbn)).isEqualTo(world.committed.get(vbn));
        assertThat(parity.peek(world.offsetOf(vbn), Blocks.SIZE)).isEqualTo(before);
        world.checkStripes();
    }

    @Test
    void d3OldBlockWithItsOldContentIsNotTakenForTheNewOne() {
        long[] vbn = new long[1];
        byte[][] before = new byte[1][];
        CpWriter writer = world.begin();
        world.loop.call(
                () -> {
                    vbn[0] = world.freeVbn();
                    before[0] = onDisk(vbn[0]);
                    world.put(writer, vbn[0]);
                });
        world.deviceOf(vbn[0])
                .faults()
                .loseNextWrite(SimFaults.Range.touching(world.offsetOf(vbn[0]), Blocks.SIZE));
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.loop.call(writer::end);
        world.committed.putAll(world.pending);
        assertThat(onDisk(vbn[0])).isEqualTo(before[0]);
        assertReads(vbn[0]);
        assertThat(onDisk(vbn[0])).isEqualTo(world.committed.get(vbn[0]));
    }

    @Test
    void d4MisdirectedWriteIsRepairedWhereItLandedAndWhereItShouldHave() {
        long victim = anyVbn();
        SimDevice disk = world.deviceOf(victim);
        CpWriter writer = world.begin();
        long[] meant = new long[1];
        world.loop.call(
                () -> {
                    do {
                        meant[0] = world.freeVbn();
                    } while (world.deviceOf(meant[0]) != disk);
                    world.put(writer, meant[0]);
                });
        SimFaults faults = disk.faults();
        faults.misdirectNextWrite(
                SimFaults.Range.touching(world.offsetOf(meant[0]), Blocks.SIZE),
                world.offsetOf(victim));
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.loop.call(writer::end);
        world.committed.putAll(world.pending);
        assertThat(onDisk(victim)).isEqualTo(world.committed.get(meant[0]));
        List<ScrubFinding> findings = scrub();
        assertThat(findings)
                .extracting(ScrubFinding::vbn)
                .containsExactlyInAnyOrder(victim, meant[0]);
        for (long vbn : new long[] {victim, meant[0]}) {
            assertThat(onDisk(vbn)).isEqualTo(world.committed.get(vbn));
        }
        assertThat(world.space.degraded()).isFalse();
    }

    /// Also where there is nothing to work it out from: it is read once more.
    @Test
    void d5ReadThatWentWrongOnceIsReadAgain() {
        world.device(0, 0).faults().failAll("gone");
        world.consistencyPoint(20);
        assertThat(world.space.degraded()).isTrue();
        long vbn = anyVbn();
        while (world.space.geometry().slotOf(vbn) == 0) {
            vbn = anyVbn();
        }
        int badBefore = world.heard.bad;
        world.deviceOf(vbn).faults().spoilNextRead();
        assertReads(vbn);
        assertThat(world.heard.bad - badBefore).isEqualTo(1);
        assertThat(world.heard.lost).isZero();
        assertReads(vbn);
    }

    @Test
    void d6TornWriteOfACrashIsNothingThatTheImageNames() {
        for (int round = 0; round < 5; round++) {
            world.loop.call(
                    () -> {
                        CpWriter writer = world.begin();
                        world.putSome(writer, 50);
                        writer.writeOut(_ -> {});
                    });
            world.simulation.runFor(world.simulation.between(0, 2_000_000));
            world.crash(true);
            world.open();
            world.recover();
            world.checkContent();
            assertThat(scrub()).isEmpty();
        }
    }

    /// The disk leaves, and what it did not take is in parity, before the image is committed.
    @Test
    void d7BlockWhoseWriteFailsIsPlacedInParityBeforeTheImageCounts() {
        SimDevice victim = world.device(0, 1);
        victim.faults().failWrites((offset, _) -> offset >= world.dataStart());
        world.consistencyPoint(60);
        assertThat(world.heard.membersLost).isEqualTo(1);
        assertThat(world.heard.groupsLost).isZero();
        world.checkContent();
        victim.faults().heal();
        world.crash(true);
        world.open();
        world.recover();
        // Its label is older than what the others say of it: it is no member any more.
        assertThat(world.space.degraded()).isTrue();
        world.checkContent();
        assertThat(scrub()).isEmpty();
    }

    @Test
    void d7SecondDiskWhoseWriteFailsStopsTheVolumeBeforeTheCommit() {
        for (int slot = 1; slot <= 2; slot++) {
            world.device(0, slot).faults().failWrites((offset, _) -> offset >= world.dataStart());
        }
        CpWriter writer = world.begin();
        world.loop.call(() -> world.putSome(writer, 60));
        assertThat(world.await(writer::writeOut)).isNotNull();
        assertThat(world.heard.groupsLost).isEqualTo(1);
        assertThat(world.await(writer::flush)).isNotNull();
    }

    @Test
    void d8FailedFlushCostsTheDiskAndIsNeverAskedAgain() {
        SimDevice victim = world.device(0, 2);
        victim.faults().failFlushes();
        world.consistencyPoint(60);
        assertThat(world.heard.membersLost).isEqualTo(1);
        victim.faults().heal();
        long asked = victim.writesSubmitted() + victim.readsSubmitted();
        world.consistencyPoint(60);
        assertThat(victim.writesSubmitted() + victim.readsSubmitted()).isEqualTo(asked);
        world.checkContent();
        world.crash(true);
        world.open();
        world.recover();
        assertThat(world.space.degraded()).isTrue();
        world.checkContent();
    }

    /// What parity says counts for nothing where all data are right (D13).
    @Test
    void d13ParityThatFitsItsEntryAndNotItsDataIsMadeAnew() {
        long vbn = anyVbn();
        SimDevice parity = world.device(0, 3);
        byte[] right = parity.peek(world.offsetOf(vbn), Blocks.SIZE);
        byte[] wrong = right.clone();
        wrong[77] ^= 1;
        parity.poke(world.offsetOf(vbn), wrong);
        RaidGroup group = world.space.group(0);
        long dbn = world.space.geometry().dbnOf(vbn);
        world.succeed(done -> group.checksums().pin(dbn, 1, done));
        world.loop.call(
                () -> {
                    ChecksumEntry entry = new ChecksumEntry(RaidWorld.crc(wrong), 1, 1);
                    group.checksums().put(3, dbn, entry);
                    group.checksums().unpin(dbn, 1);
                });
        assertThat(scrub())
                .extracting(ScrubFinding::kind)
                .containsExactly(ScrubFinding.Kind.PARITY_ERROR);
        assertThat(parity.peek(world.offsetOf(vbn), Blocks.SIZE)).isEqualTo(right);
        world.checkStripes();
        world.checkContent();
    }

    /// A stray write on a block that was never written.
    @Test
    void blockThatWasNeverWrittenBecomesZerosAgain() {
        long[] vbn = new long[1];
        world.loop.call(() -> vbn[0] = world.freeVbn());
        while (!isZero(onDisk(vbn[0]))) {
            world.loop.call(() -> vbn[0] = world.freeVbn());
        }
        world.deviceOf(vbn[0]).overwriteWithNoise(world.offsetOf(vbn[0]), Blocks.SIZE);
        assertThat(scrub()).hasSize(1);
        assertThat(isZero(onDisk(vbn[0]))).isTrue();
        world.checkStripes();
    }

    private static boolean isZero(byte[] block) {
        for (byte each : block) {
            if (each != 0) {
                return false;
            }
        }
        return true;
    }

    /// With a disk away there is nothing to repair from, and nothing is written over what is left.
    @Test
    void degradedGroupIsVerifiedAndItsLossesAreNamed() {
        world.device(0, 0).faults().failAll("gone");
        world.consistencyPoint(30);
        assertThat(scrub()).isEmpty();
        RaidGeometry geometry = world.space.geometry();
        long vbn = anyVbn();
        // In a stripe to which the missing disk had something to give.
        while (geometry.slotOf(vbn) == 0
                || !world.committed.containsKey(geometry.vbn(0, 0, geometry.dbnOf(vbn)))) {
            vbn = anyVbn();
        }
        world.deviceOf(vbn).corrupt(world.offsetOf(vbn));
        byte[] left = onDisk(vbn);
        List<ScrubFinding> findings = scrub();
        assertThat(findings).extracting(ScrubFinding::kind).containsOnly(ScrubFinding.Kind.LOST);
        assertThat(findings).extracting(ScrubFinding::vbn).contains(vbn);
        assertThat(onDisk(vbn)).isEqualTo(left);
    }

    /// Its step waits where a consistency point is under way, and finds nothing that is not so.
    @Test
    void scrubBesideConsistencyPointsFindsNothing() {
        List<ScrubFinding> findings = new ArrayList<>();
        boolean[] ended = new boolean[1];
        SpaceScrub scrub = world.space.scrub(findings::add);
        for (int round = 0; round < 6; round++) {
            ended[0] = false;
            world.loop.call(() -> next(scrub, 0, ended));
            world.consistencyPoint(40);
            assertThat(world.simulation.runUntil(() -> ended[0])).isTrue();
        }
        assertThat(findings).isEmpty();
        world.checkStripes();
        world.checkContent();
    }
}
