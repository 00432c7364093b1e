package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;

import org.junit.jupiter.api.Test;

import java.util.Random;

/// Who counts for another log what it may take relies on that: in whatever company entries that
/// were appended in one task are committed, they take no more.
final class AloneBytesTest {
    // Batches end with their segment; those of a node are longer.
    private static final int SEGMENT_BYTES = 64 << 10;
    private static final int SEGMENTS = 200;

    @Test
    void entriesOfOneTaskTakeNoMoreThanIfTheyWereOneCommittedAlone() {
        long taken = 0;
        long counted = 0;
        for (int seed = 1; seed <= 40; seed++) {
            LogHarness harness = new LogHarness(seed, SEGMENTS, SEGMENT_BYTES);
            LogStream stream = harness.fresh(1, new LogHarness.Heard());
            Random random = new Random(seed);
            long ofOne = 0;
            long[] sequence = {0};
            for (int task = 0; task < 60; task++) {
                int entries = 1 + random.nextInt(12);
                int blocks = 1 + random.nextInt(random.nextInt(4) == 0 ? 20 : 2);
                int bytes = blocks * Blocks.SIZE - (random.nextBoolean() ? 0 : Blocks.SECTOR);
                harness.loop.call(
                        () -> {
                            for (int i = 0; i < entries; i++) {
                                LogEntry entry =
                                        LogHarness.write(LogHarness.at(++sequence[0]), bytes);
                                stream.append(1, entry);
                            }
                        });
                ofOne += EntryCodec.aloneBytes((long) entries * (EntryCodec.HEAD_BYTES + bytes));
                // Others may come before the commit under way has ended.
                harness.simulation.runFor(random.nextInt(200_000));
                assertThat(stream.bytes(1)).as("seed %d", seed).isLessThanOrEqualTo(ofOne);
            }
            taken += stream.bytes(1);
            counted += ofOne;
        }
        System.out.printf("log: %d of %d bytes counted were taken%n", taken, counted);
        assertThat(taken).isGreaterThan(counted / 2);
    }
}
