package lockstep.blockstore.log;

import static lockstep.blockstore.log.LogHarness.at;
import static lockstep.blockstore.log.LogHarness.volume;
import static lockstep.blockstore.log.LogHarness.write;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogHarness.Heard;
import lockstep.blockstore.log.LogHarness.Replayed;
import lockstep.blockstore.sim.SimFaults;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

class NvLogTest {
    private final LogHarness node = new LogHarness(1, 24);
    private final Heard heard = new Heard();

    private static List<Long> sequences(long from, long to) {
        return LongStream.rangeClosed(from, to).boxed().toList();
    }

    private void appendAndStartCommit(LogStream stream, long sequence) {
        long before = node.device.writesSubmitted();
        node.loop.call(() -> stream.append(1, write(at(sequence), 512)));
        assertThat(node.simulation.runUntil(() -> node.device.writesSubmitted() > before)).isTrue();
        assertThat(heard.durable).isEmpty();
    }

    @Test
    void whatWasDurableIsReplayedByteForByte() {
        LogStream stream = node.fresh(1, heard);
        ByteBuffer pattern = ByteBuffer.allocate(512).put(5, (byte) 5);
        List<LogEntry> entries =
                List.of(
                        write(at(1), 4096),
                        new LogEntry.Unmap(at(2), 3, 512, 1 << 20),
                        new LogEntry.WriteSame(at(3), 3, 0, 8192, pattern),
                        new LogEntry.Put(at(4), "reservation/é", ByteBuffer.wrap(new byte[9])));
        node.loop.call(() -> entries.forEach(entry -> stream.append(1, entry)));
        node.simulation.runUntilIdle();
        assertThat(heard.durable).containsExactly(at(4));

        node.crash();
        Replayed replayed = node.replay(1, 1);
        assertThat(replayed.verdict).isEqualTo(new LogVerdict.Clean(at(4)));
        assertThat(replayed.entries)
                .isEqualTo(entries.stream().map(entry -> LogHarness.describe(1, entry)).toList());
        assertThat(replayed.highestHalf).isEqualTo(1);
    }

    /// Two are under way, and all that comes meanwhile is the third.
    @Test
    void appendsDuringCommitsAreTheNextCommit() {
        LogStream stream = node.fresh(1, heard);
        appendAndStartCommit(stream, 1);
        appendAndStartCommit(stream, 2);
        long before = node.device.writesSubmitted();
        node.loop.call(
                () -> {
                    for (int i = 3; i <= 30; i++) {
                        stream.append(1, write(at(i), 512));
                    }
                });
        node.simulation.runUntilIdle();
        assertThat(heard.durable.getLast()).isEqualTo(at(30));
        assertThat(node.device.writesSubmitted() - before).isEqualTo(1);
        assertThat(node.metrics.histogram("log.commit.entries").getSnapshot().getMax())
                .isEqualTo(28);
    }

    @Test
    void manyStreamsShareOneCommit() {
        List<Heard> all = new ArrayList<>();
        List<LogStream> streams = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            all.add(new Heard());
            streams.add(node.fresh(i, all.get(i)));
        }
        node.loop.call(() -> streams.forEach(stream -> stream.append(1, write(at(1), 512))));
        node.simulation.runUntilIdle();
        assertThat(node.metrics.timer("log.commit.time").getCount()).isEqualTo(1);
        assertThat(all).allSatisfy(one -> assertThat(one.durable).containsExactly(at(1)));
        node.crash();
        for (int i = 0; i < 8; i++) {
            assertThat(node.replay(i, 0).sequences).containsExactly(1L);
        }
    }

    @Test
    void entryLongerThanASegmentComesBackWhole() {
        LogStream stream = node.fresh(1, heard);
        LogEntry large = write(at(2), 3 * LogHarness.SEGMENT_BYTES + 512);
        node.loop.call(
                () -> {
                    stream.append(1, write(at(1), 512));
                    stream.append(1, large);
                    stream.append(1, write(at(3), 512));
                });
        node.simulation.runUntilIdle();
        node.crash();
        Replayed replayed = node.replay(1, 0);
        assertThat(replayed.sequences).containsExactly(1L, 2L, 3L);
        assertThat(replayed.entries.get(1)).isEqualTo(LogHarness.describe(1, large));
    }

    @Test
    void replayingTwiceGivesTheSame() {
        LogStream stream = node.fresh(1, heard);
        node.commit(stream, 1, 1, 20, 4096);
        node.commit(stream, 3, 21, 20, 512);
        node.crash();
        Replayed first = node.replay(1, 1);
        node.kill();
        Replayed second = node.replay(1, 1);
        assertThat(second.entries).hasSize(40).isEqualTo(first.entries);
        assertThat(second.highestHalf).isEqualTo(3);
    }

    @Test
    void halvesBelowTheFloorAreVoidAndTheirSegmentsReturn() {
        LogStream stream = node.fresh(1, heard);
        long empty = node.log().freeBytes();
        node.commit(stream, 1, 1, 20, 4096);
        node.commit(stream, 2, 21, 1, 512);
        node.crash();
        Replayed replayed = node.replay(1, 2);
        assertThat(replayed.sequences).containsExactly(21L);
        node.log().stream(volume(1)).release(2);
        assertThat(node.log().freeBytes()).isEqualTo(empty);
    }

    @Test
    void segmentsAreUsedAgainUnderStaleContent() {
        LogStream stream = node.fresh(1, heard);
        long sequence = 1;
        for (long half = 1; half <= 30; half++) {
            node.commit(stream, half, sequence, 10, 4096);
            node.commit(stream, half, sequence + 10, 2, 512);
            sequence += 12;
            stream.release(half - 1);
        }
        node.crash();
        Replayed replayed = node.replay(1, 30);
        assertThat(replayed.verdict).isEqualTo(new LogVerdict.Clean(at(sequence - 1)));
        assertThat(replayed.sequences).isEqualTo(sequences(sequence - 12, sequence - 1));
    }

    @Test
    void releaseWaitsForTheCommitUnderWay() {
        LogStream stream = node.fresh(1, heard);
        long empty = node.log().freeBytes();
        node.loop.call(() -> stream.append(1, write(at(1), 512)));
        stream.release(1);
        assertThat(node.log().freeBytes()).isLessThan(empty);
        node.simulation.runUntilIdle();
        assertThat(node.log().freeBytes()).isEqualTo(empty);
    }

    @Test
    void openedEpochVoidsWhatStandsPastItsStart() {
        LogStream stream = node.fresh(1, heard);
        node.commit(stream, 1, 1, 10, 512);
        Position opened = new Position(new Epoch(2, 0xB), 7);
        Position after = new Position(new Epoch(2, 0xB), 8);
        node.loop.call(
                () -> {
                    stream.append(2, new LogEntry.EpochOpened(opened, at(6)));
                    stream.append(2, write(after, 512));
                });
        node.simulation.runUntilIdle();
        node.crash();
        Replayed replayed = node.replay(1, 1);
        assertThat(replayed.sequences).containsExactly(1L, 2L, 3L, 4L, 5L, 6L, 7L, 8L);
        assertThat(replayed.last).isEqualTo(after);
    }

    @Test
    void replayedStreamGoesOnInAHigherHalfOnly() {
        LogStream stream = node.fresh(1, heard);
        node.commit(stream, 4, 1, 3, 512);
        node.crash();
        assertThat(node.replay(1, 1).highestHalf).isEqualTo(4);
        LogStream again = node.log().stream(volume(1));
        assertThatThrownBy(() -> again.append(4, write(at(4), 512)))
                .isInstanceOf(BrokenInvariant.class);
        node.commit(again, 5, 4, 3, 512);
        node.crash();
        assertThat(node.replay(1, 1).sequences).isEqualTo(sequences(1, 6));
    }

    @Test
    void failedCommitIsNeverAcknowledgedAndNeverTriedAgain() {
        LogStream stream = node.fresh(1, heard);
        node.device.faults().failFlushes();
        node.commit(stream, 1, 1, 3, 512);
        long submitted = node.device.writesSubmitted();
        node.device.faults().heal();
        node.commit(stream, 1, 4, 3, 512);
        assertThat(heard.durable).isEmpty();
        assertThat(heard.faults).containsExactly(new IoFault("log", "flush", "flush error"));
        assertThat(node.log().fault()).isEqualTo(heard.faults.getFirst());
        assertThat(node.device.writesSubmitted()).isEqualTo(submitted);
    }

    @Test
    void segmentsOfVolumesThatWereNotReplayedAreLeftAlone() {
        node.commit(node.fresh(1, heard), 1, 1, 10, 4096);
        node.crash();
        assertThat(node.log().unopenedVolumes()).containsExactly(volume(1));
        LogStream other = node.fresh(2, heard);
        long sequence = 1;
        for (long half = 1; half < 30; half++) {
            node.commit(other, half, sequence, 5, 16384);
            sequence += 5;
            other.release(half);
        }
        node.crash();
        assertThat(node.replay(1, 0).sequences).isEqualTo(sequences(1, 10));
    }

    @Test
    void droppedStreamIsGoneForGoodAndMayUseTheSameHalves() {
        LogStream stream = node.fresh(1, heard);
        long empty = node.log().freeBytes();
        node.commit(stream, 7, 1, 10, 4096);
        List<@Nullable IoFault> ended = new ArrayList<>();
        heard.durable.clear();
        node.loop.call(
                () -> {
                    stream.append(7, write(at(11), 512));
                    stream.dropAll(5, ended::add);
                    stream.append(7, write(at(3), 512));
                });
        node.simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(heard.durable).containsExactly(at(3));
        node.crash();
        assertThat(node.replay(1, 5).sequences).containsExactly(3L);
        node.log().stream(volume(1)).release(7);
        assertThat(node.log().freeBytes()).isEqualTo(empty);
    }

    @Test
    void dropDuringACommitReportsNothingOfIt() {
        LogStream stream = node.fresh(1, heard);
        appendAndStartCommit(stream, 1);
        List<@Nullable IoFault> ended = new ArrayList<>();
        node.loop.call(() -> stream.dropAll(1, ended::add));
        node.simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(heard.durable).isEmpty();
        node.crash();
        assertThat(node.replay(1, 0).entries).isEmpty();
    }

    @Test
    void forgottenVolumeLeavesNothingBehind() {
        long empty = node.log().freeBytes();
        node.commit(node.fresh(1, heard), 1, 1, 10, 4096);
        node.crash();
        List<@Nullable IoFault> ended = new ArrayList<>();
        node.loop.call(() -> node.log().forget(volume(1), ended::add));
        node.simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(node.log().freeBytes()).isEqualTo(empty);
        node.crash();
        assertThat(node.log().unopenedVolumes()).isEmpty();
        assertThat(node.log().freeBytes()).isEqualTo(empty);
    }

    @Test
    void roomForTellsExactlyWhatStillFits() {
        LogStream stream = node.fresh(1, heard);
        long sequence = 1;
        int bytes = EntryCodec.encodedLength(write(at(1), 4096));
        while (stream.roomFor(1, bytes)) {
            node.commit(stream, 1, sequence++, 1, 4096);
        }
        assertThat(node.log().freeBytes()).isZero();
        // A commit of one 4 KiB write takes two blocks; three fit into a segment of 32 KiB.
        assertThat(sequence - 1).isBetween(24L * 3, 24L * 4);
        assertThat(heard.durable).hasSize((int) sequence - 1);
        assertThat(stream.bytes(1)).isEqualTo((sequence - 1) * 8192);
        stream.release(1);
        assertThat(stream.roomFor(2, bytes)).isTrue();
    }

    @Test
    void deviceWithoutALogIsNotOpened() {
        node.device.overwriteWithNoise(0, 8192);
        List<NvLog.OpenResult> results = new ArrayList<>();
        node.loop.call(
                () -> NvLog.open(node.device, node.loop, () -> 1, node.metrics, results::add));
        node.simulation.runUntilIdle();
        assertThat(results.getFirst()).isInstanceOf(NvLog.OpenResult.NotALog.class);
    }

    @Test
    void logOpensFromTheCopyOfItsHeader() {
        node.commit(node.fresh(1, heard), 1, 1, 3, 512);
        node.device.faults().failReads(SimFaults.Range.touching(0, 4096));
        node.crash();
        assertThat(node.replay(1, 0).sequences).containsExactly(1L, 2L, 3L);
    }

    @Test
    void rottenSegmentHeaderIsReplacedByItsFirstBatch() {
        node.commit(node.fresh(1, heard), 1, 1, 3, 512);
        node.device.overwriteWithNoise(LogFormat.SEGMENTS_AT, 4096);
        node.crash();
        assertThat(node.replay(1, 0).sequences).containsExactly(1L, 2L, 3L);
        assertThat(node.log().unidentifiedSegments()).isZero();
    }

    @Test
    void segmentThatNobodyCanNameIsNeverUsedAgain() {
        long empty = node.log().freeBytes();
        node.device.overwriteWithNoise(LogFormat.SEGMENTS_AT, 8192);
        node.crash();
        assertThat(node.log().unidentifiedSegments()).isEqualTo(1);
        assertThat(node.log().freeBytes()).isLessThan(empty);
    }

    @Test
    void l3SegmentThatCannotBeReadIsNotLeftOut() {
        node.commit(node.fresh(1, heard), 1, 1, 3, 512);
        node.device.faults().markUnreadable(LogFormat.SEGMENTS_AT, 8192);
        List<NvLog.OpenResult> results = new ArrayList<>();
        node.loop.call(
                () -> NvLog.open(node.device, node.loop, () -> 1, node.metrics, results::add));
        node.simulation.runUntilIdle();
        assertThat(results.getFirst()).isInstanceOf(NvLog.OpenResult.Failed.class);
    }
}
