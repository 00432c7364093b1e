package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.DirtyOverlay;
import lockstep.blockstore.cp.OverlayBlock;
import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/// Rows of the fault model about the log and the process, on a whole volume: what has to happen, by
/// the row's number. Where the log has a second copy: `TwoCopiesTest`; row L4: [BackPressureTest];
/// every state and every operation: [CrashStateTest], [IoSweepTest].
@NullUnmarked
final class FaultRowsTest {
    private static final Shape SHAPE = new Shape(4, 120, 16, 16 << 10, 200 << 10);

    private final VolumeNode node = new VolumeNode(17, SHAPE);
    private final Load load = new Load(node, new SplittableRandom(17), new Limits(2, 24, 40));

    FaultRowsTest() {
        node.format();
        node.mustOpen();
        node.activate();
        assertThat(ended(new Op.PutLun(7, new UUID(1, 7), 8)).isDone()).isTrue();
    }

    private Outcome ended(Op op) {
        Outcome[] ended = new Outcome[1];
        begin(op, ended);
        node.await(() -> ended[0] != null, "it ends");
        return ended[0];
    }

    private void begin(Op op, Outcome[] ended) {
        node.loop.call(() -> op.issue(node.volume, outcome -> ended[0] = outcome));
    }

    private static Op.Write write(long stamp) {
        return new Op.Write(7, 0, new long[] {stamp, stamp, stamp, stamp, stamp, stamp, stamp, 1});
    }

    private long firstStamp() {
        return node.mustObserve().lun(7).sectors()[0];
    }

    private void reopen() {
        node.crash(true);
        node.mustOpen();
        node.activate();
    }

    /// No acknowledgement out of memory: what the log has not, a consistency point has.
    @Test
    void l1WithoutItsLogAVolumeAcknowledgesByConsistencyPoints() {
        assertThat(ended(write(1)).isDone()).isTrue();
        node.logs.getFirst().faults().failAll("gone");
        for (long stamp = 2; stamp < 8; stamp++) {
            long before = node.volume.usage().commits();
            assertThat(ended(write(stamp)).isDone()).isTrue();
            assertThat(node.volume.usage().commits()).isGreaterThan(before);
        }
        assertThat(node.logLost).contains("gone");
        assertThat(node.stopped).isNull();
        // Another log takes the place of the one that is gone.
        node.crash(true);
        SimDevice other = new SimDevice(node.simulation, "other", SHAPE.logBytes());
        node.logs.set(0, other);
        node.formatLog();
        node.mustOpen();
        node.activate();
        assertThat(firstStamp()).isEqualTo(7);
    }

    @Test
    void l1WhatWasNotAcknowledgedWhenTheLogFailedIsAcknowledgedLater() {
        Outcome[] ended = new Outcome[1];
        node.logs.getFirst().faults().failFlushes();
        long before = node.volume.usage().commits();
        begin(write(5), ended);
        node.await(() -> ended[0] != null, "it is acknowledged");
        assertThat(ended[0].isDone()).isTrue();
        assertThat(node.volume.usage().commits()).isGreaterThan(before);
        node.logs.getFirst().faults().heal();
        reopen();
        assertThat(firstStamp()).isEqualTo(5);
        assertThat(ended(write(6)).isDone()).isTrue();
        reopen();
        assertThat(firstStamp()).isEqualTo(6);
    }

    @Test
    void l2ATornTailLosesOnlyWhatWasNotAcknowledged() {
        assertThat(ended(write(1)).isDone()).isTrue();
        Outcome[] ended = new Outcome[1];
        begin(write(2), ended);
        node.simulation.runFor(60_000);
        assertThat(ended[0]).isNull();
        reopen();
        assertThat(firstStamp()).isBetween(1L, 2L);
    }

    /// Where there is no copy to take it from, nothing is skipped.
    @Test
    void l3DamageInTheMiddleStopsTheVolumeAndNamesTheRange() {
        for (long stamp = 1; stamp < 10; stamp++) {
            assertThat(ended(write(stamp)).isDone()).isTrue();
        }
        node.crash(true);
        SimDevice log = node.logs.getFirst();
        long damaged = -1;
        for (long at = Blocks.toBytes(2); damaged < 0; at += Blocks.SIZE) {
            // The first batch that holds data of a write, whose second sector begins in it.
            byte[] block = log.borrowBlock(at);
            damaged = block[0] == 'L' && block[5] == 'B' && block[4000] != 0 ? at + 2000 : -1;
        }
        log.corrupt(damaged);
        node.open();
        assertThat(node.refusal).contains("damaged: entries after").contains("up to");
    }

    /// Of a segment that holds nothing it does not matter, and one that holds something is told by
    /// its first batch.
    @Test
    void l3SegmentHeadersThatCannotBeReadStopNothing() {
        for (long stamp = 1; stamp < 10; stamp++) {
            assertThat(ended(write(stamp)).isDone()).isTrue();
        }
        node.crash(true);
        SimDevice log = node.logs.getFirst();
        for (int segment = 0; segment < SHAPE.logSegments(); segment++) {
            long at = Blocks.toBytes(2) + (long) segment * SHAPE.segmentBytes();
            log.faults().markUnreadable(at, Blocks.SIZE);
        }
        node.mustOpen();
        node.activate();
        assertThat(firstStamp()).isEqualTo(9);
        node.checkpoint();
        for (long stamp = 10; stamp < 30; stamp++) {
            assertThat(ended(write(stamp)).isDone()).isTrue();
        }
        reopen();
        assertThat(firstStamp()).isEqualTo(29);
    }

    /// It would seem to be clean, and what was acknowledged would be gone.
    @Test
    void l5AnotherLogInItsPlaceIsRefused() {
        assertThat(ended(write(1)).isDone()).isTrue();
        node.crash(true);
        SimDevice own = node.logs.getFirst();
        node.logs.set(0, new SimDevice(node.simulation, "other", SHAPE.logBytes()));
        node.formatLog();
        node.open();
        assertThat(node.refusal).contains("are in log");
        node.loop.stop();
        node.logs.set(0, own);
        node.mustOpen();
        node.activate();
        assertThat(firstStamp()).isEqualTo(1);
    }

    /// Also when each of many restarts comes before anything could be committed, in a log that is
    /// full already.
    @Test
    void l6CrashesDuringReplayChangeNothing() {
        load.run(40);
        load.quiet();
        VolumeState due = node.mustObserve();
        for (int i = 0; i < 30; i++) {
            node.crash(i % 2 == 0);
            node.mustOpen();
            node.activate();
        }
        assertThat(node.mustObserve()).isEqualTo(due);
        node.checkpoint();
        node.checkStripes("at the end", node.checkImage("at the end"));
    }

    @Test
    void p1AKilledProcessLosesNothingAcknowledged() {
        for (long stamp = 1; stamp < 10; stamp++) {
            assertThat(ended(write(stamp)).isDone()).isTrue();
            node.crash(false);
            node.mustOpen();
            node.activate();
            assertThat(firstStamp()).isEqualTo(stamp);
        }
    }

    @Test
    void p2APowerCutLosesNothingAcknowledged() {
        for (long stamp = 1; stamp < 10; stamp++) {
            assertThat(ended(write(stamp)).isDone()).isTrue();
            reopen();
            assertThat(firstStamp()).isEqualTo(stamp);
        }
    }

    /// A bit that memory loses is found before it goes to the disks: the node stops at once, and
    /// the log has what came. Wherever it happens: in a block that came whole, in one that came in
    /// parts, in one that gets another part.
    @Test
    void p6BitThatMemoryLosesNeverReachesTheDisks() {
        node.checkpoint();
        List<Op.Write> writes =
                List.of(
                        write(1),
                        new Op.Write(7, 16, new long[] {5, 6, 7}),
                        new Op.Write(7, 26, new long[] {8}));
        for (int round = 0; round < 4; round++) {
            for (Op.Write each : writes) {
                assertThat(ended(each).isDone()).isTrue();
            }
            VolumeState due = node.mustObserve();
            int spoilt = new int[] {0, 2, 3, 3}[round];
            flip(overlay().find(7, spoilt));
            boolean another = round == 3;
            Op part = new Op.Write(7, 27, new long[] {9});
            assertThatThrownBy(
                            () -> {
                                if (another) {
                                    ended(part);
                                } else {
                                    node.checkpoint();
                                }
                            })
                    .isInstanceOf(BrokenInvariant.class)
                    .hasMessageContaining("what came");
            node.crash(false);
            node.mustOpen();
            node.activate();
            if (another) {
                assertThat(ended(part).isDone()).isTrue();
                due = part.apply(due);
            }
            assertThat(node.mustObserve()).isEqualTo(due);
            node.checkpoint();
            assertThat(node.mustObserve()).isEqualTo(due);
            node.checkStripes("after round " + round, node.checkImage("after round " + round));
        }
    }

    private DirtyOverlay overlay() {
        return (DirtyOverlay) Canaries.get(Canaries.get(node.volume, "core"), "filling");
    }

    private static void flip(OverlayBlock block) {
        ByteBuffer bytes = (ByteBuffer) Canaries.get(block, "content");
        bytes.put(1030, (byte) (bytes.get(1030) ^ 4));
    }

    /// An older record beside it is whole, and must not be taken for the newest.
    @Test
    void p10ARecordOfAnUnknownVersionIsRefused() {
        node.checkpoint();
        node.crash(true);
        List<Long> records = new ArrayList<>();
        for (long block : new long[] {8, 9, 16, 21}) {
            SimDevice disk = node.disks.getFirst();
            long at = Blocks.toBytes(block);
            byte[] good = disk.peek(at, Blocks.SIZE);
            if (good[0] == 'L') {
                byte[] newer = good.clone();
                newer[7] = 9;
                disk.poke(at, newer);
                node.open();
                assertThat(node.refusal).contains("version 9");
                node.loop.stop();
                disk.poke(at, good);
                records.add(block);
            }
        }
        assertThat(records).contains(16L, 21L);
        node.mustOpen();
    }

    @Test
    void p10ALogOfAnUnknownVersionIsRefused() {
        node.crash(true);
        SimDevice log = node.logs.getFirst();
        for (long block = 0; block < 2; block++) {
            log.poke(Blocks.toBytes(block) + 11, new byte[] {9});
        }
        node.open();
        assertThat(node.refusal).contains("version unknown here");
    }
}
