package lockstep.blockstore.log;

import static lockstep.blockstore.log.LogHarness.SEGMENT_BYTES;
import static lockstep.blockstore.log.LogHarness.at;
import static lockstep.blockstore.log.LogHarness.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.LogFormat.ChainId;
import lockstep.blockstore.log.LogFormat.SegmentHeader;
import lockstep.blockstore.log.LogHarness.Heard;
import lockstep.blockstore.log.LogHarness.Replayed;
import lockstep.blockstore.sim.SimFaults;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Objects;

/// One test per cell of the recovery table. A commit of one 512-byte write takes one block, so the
/// n-th commit of a segment stands in its n-th block.
class LogVerdictTest {
    private final LogHarness node = new LogHarness(1, 16);
    private final LogStream stream = node.fresh(1, new Heard());

    private static long block(int segment, int block) {
        return LogFormat.SEGMENTS_AT + (long) segment * SEGMENT_BYTES + Blocks.toBytes(block);
    }

    private void commitOneByOne(long half, long from, long to) {
        for (long sequence = from; sequence <= to; sequence++) {
            node.commit(stream, half, sequence, 1, 512);
        }
    }

    private Replayed replayAfterCrash() {
        node.crash();
        Replayed replayed = node.replay(1, 1);
        boolean replays = Objects.requireNonNull(replayed.verdict).replays();
        assertThat(replayed.entries.isEmpty()).isEqualTo(!replays);
        return replayed;
    }

    private void zero(long offset, int bytes) {
        node.device.poke(offset, new byte[bytes]);
    }

    @Test
    void cleanWhenNothingIsWrong() {
        commitOneByOne(1, 1, 3);
        commitOneByOne(2, 4, 5);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Clean(at(5)));
    }

    @Test
    void cleanWhenTheLastCommitLeftNothing() {
        commitOneByOne(1, 1, 3);
        zero(block(0, 3), 4096);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Clean(at(2)));
    }

    @Test
    void tornTailWhenTheLastPayloadIsBad() {
        commitOneByOne(1, 1, 3);
        node.device.corrupt(block(0, 3) + 300);
        Replayed replayed = replayAfterCrash();
        assertThat(replayed.verdict).isEqualTo(new LogVerdict.TornTail(1, at(2)));
        assertThat(replayed.sequences).containsExactly(1L, 2L);
    }

    @Test
    void tornTailWhenTheFirstOfSeveralBatchesOfTheLastCommitIsGone() {
        commitOneByOne(1, 1, 3);
        // One commit, two batches: the rest of segment 0, then segment 1.
        node.commit(stream, 1, 4, 1, SEGMENT_BYTES);
        zero(block(0, 4), 4096);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.TornTail(1, at(3)));
    }

    @Test
    void tornTailWhenAnEntryIsCutShort() {
        commitOneByOne(1, 1, 3);
        node.commit(stream, 1, 4, 1, SEGMENT_BYTES);
        zero(block(1, 0), SEGMENT_BYTES);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.TornTail(1, at(3)));
    }

    // Entry 4 in half 1 and entry 5 in half 2 are one commit, of which only 5 is left.
    private void tearACommitOfTwoHalves() {
        commitOneByOne(1, 1, 3);
        node.loop.call(
                () -> {
                    stream.append(1, LogHarness.write(at(4), 512));
                    stream.append(2, LogHarness.write(at(5), 512));
                });
        node.simulation.runUntilIdle();
        zero(block(0, 4), 4096);
    }

    @Test
    void tornTailWhenTheLastCommitSpannedTwoHalves() {
        tearACommitOfTwoHalves();
        Replayed replayed = replayAfterCrash();
        assertThat(replayed.verdict).isEqualTo(new LogVerdict.TornTail(2, at(3)));
        assertThat(replayed.highestHalf).isEqualTo(2);
    }

    @Test
    void remainsOfATornCommitNeverComeBackUnderAHigherFloor() {
        tearACommitOfTwoHalves();
        assertThat(replayAfterCrash().sequences).containsExactly(1L, 2L, 3L);
        LogStream again = node.log().stream(volume(1));
        node.commit(again, 3, 4, 2, 512);
        node.crash();
        assertThat(node.replay(1, 1).sequences).containsExactly(1L, 2L, 3L, 4L, 5L);
        node.crash();
        Replayed replayed = node.replay(1, 2);
        assertThat(replayed.verdict).isEqualTo(new LogVerdict.Clean(at(5)));
        assertThat(replayed.sequences).containsExactly(4L, 5L);
    }

    @Test
    void damagedWhenALaterBatchVouchesForABadOne() {
        commitOneByOne(1, 1, 5);
        node.device.corrupt(block(0, 3) + 300);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Damaged(1, at(2), at(3)));
    }

    @Test
    void damagedWhenALaterBatchVouchesForAMissingOne() {
        commitOneByOne(1, 1, 5);
        zero(block(0, 3), 4096);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Damaged(1, at(2), at(3)));
    }

    @Test
    void damagedWhenALaterHalfVouchesForABadTail() {
        commitOneByOne(1, 1, 3);
        commitOneByOne(2, 4, 4);
        node.device.corrupt(block(0, 3) + 300);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Damaged(1, at(2), at(3)));
    }

    @Test
    void gapWhenASegmentOfTheChainIsGone() {
        node.commit(stream, 1, 1, 1, SEGMENT_BYTES * 2);
        commitOneByOne(1, 2, 3);
        zero(block(1, 0), SEGMENT_BYTES);
        assertThat(replayAfterCrash().verdict)
                .isEqualTo(new LogVerdict.Gap(1, Position.NONE, at(1)));
    }

    @Test
    void gapWhenAWholeHalfIsGone() {
        commitOneByOne(1, 1, 3);
        commitOneByOne(2, 4, 5);
        commitOneByOne(3, 6, 6);
        zero(block(1, 0), SEGMENT_BYTES);
        assertThat(replayAfterCrash().verdict).isEqualTo(new LogVerdict.Gap(2, at(3), at(5)));
    }

    @Test
    void gapWhenTheFirstLiveHalfIsGone() {
        commitOneByOne(1, 1, 3);
        commitOneByOne(2, 4, 5);
        zero(block(0, 0), SEGMENT_BYTES);
        assertThat(replayAfterCrash().verdict)
                .isEqualTo(new LogVerdict.Gap(1, Position.NONE, at(3)));
    }

    @Test
    void foreignWhenTwoChainsClaimOneHalf() {
        commitOneByOne(1, 1, 3);
        ByteBuffer header = ByteBuffer.allocate(4096);
        ChainId other = new ChainId(volume(1), 1, 12345);
        LogFormat.encode(new SegmentHeader(node.log().id(), other, 0), header);
        node.device.poke(block(7, 0), header.array());
        assertThat(replayAfterCrash().verdict).isInstanceOf(LogVerdict.Foreign.class);
    }

    @Test
    void unreadableWhenTheDeviceFails() {
        commitOneByOne(1, 1, 3);
        node.crash();
        node.device.faults().failReads(SimFaults.Range.touching(block(0, 3), 1));
        assertThat(node.replay(1, 1).verdict).isInstanceOf(LogVerdict.Unreadable.class);
        node.device.faults().heal();
        assertThat(node.replay(1, 1).sequences).containsExactly(1L, 2L, 3L);
    }

    @Test
    void damagedWhenASoundBatchHoldsNonsense() {
        commitOneByOne(1, 1, 1);
        ByteBuffer block = ByteBuffer.wrap(node.device.peek(block(0, 1), 4096));
        LogFormat.BatchHeader header = Objects.requireNonNull(LogFormat.decodeBatch(block));
        block.put(LogFormat.BATCH_HEADER_BYTES, (byte) 77);
        int crc = Crc32c.of(block, LogFormat.BATCH_HEADER_BYTES, header.payloadBytes());
        LogFormat.encode(
                new LogFormat.BatchHeader(
                        header.segment(),
                        header.number(),
                        header.payloadBytes(),
                        crc,
                        header.entries(),
                        header.continues(),
                        header.settled()),
                block);
        node.device.poke(block(0, 1), block.array());
        assertThat(replayAfterCrash().verdict).isInstanceOf(LogVerdict.Damaged.class);
    }

    @Test
    void refusedStreamCanBeDroppedAndUsedAgain() {
        commitOneByOne(1, 1, 5);
        node.device.corrupt(block(0, 3) + 300);
        assertThat(replayAfterCrash().entries).isEmpty();
        LogStream again = node.log().stream(volume(1));
        Heard heard = new Heard();
        again.listen(heard);
        node.loop.call(() -> again.dropAll(3, fault -> assertThat(fault).isNull()));
        node.commit(again, 3, 9, 2, 512);
        assertThat(heard.durable).containsExactly(at(10));
        node.crash();
        assertThat(node.replay(1, 3).sequences).containsExactly(9L, 10L);
    }
}
