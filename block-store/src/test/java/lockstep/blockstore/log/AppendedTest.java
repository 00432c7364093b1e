package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// Where a stream says that the data of its entries stand.
final class AppendedTest {
    private static final int SEGMENTS = 64;

    private final LogHarness harness = new LogHarness(1, SEGMENTS);
    private final LogHarness.Heard heard = new LogHarness.Heard();
    private final LogStream stream = harness.fresh(1, heard);
    private long sequence;

    private record Told(LogEntry.Write entry, @Nullable Appended where) {
        boolean isRight() {
            return where != null
                    && where.memory().view(where.at(), where.length()).equals(entry.data());
        }
    }

    /// One commit of `count` entries of `bytes`.
    private List<Told> commit(int count, int bytes) {
        List<Told> told = new ArrayList<>();
        harness.loop.call(
                () -> {
                    for (int i = 0; i < count; i++) {
                        LogEntry.Write entry = LogHarness.write(LogHarness.at(++sequence), bytes);
                        Appended where = stream.append(1, entry);
                        if (where != null) {
                            where.memory().hold();
                        }
                        told.add(new Told(entry, where));
                    }
                });
        harness.simulation.runUntilIdle();
        assertThat(heard.durable.getLast()).isEqualTo(LogHarness.at(sequence));
        return told;
    }

    @Test
    void theDataOfFullCommitsStandWhereTheyAreHeld() {
        List<Told> all = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            all.addAll(commit(4, Blocks.SIZE));
        }
        List<Told> held = all.stream().filter(told -> told.where != null).toList();
        assertThat(held).hasSizeGreaterThan(40).allMatch(Told::isRight);
    }

    @Test
    void loneShortEntriesAreNotHeld() {
        for (int i = 0; i < 5; i++) {
            assertThat(commit(1, Blocks.SIZE)).allMatch(told -> told.where == null);
        }
        commit(6, Blocks.SIZE);
        commit(1, Blocks.SIZE);
        for (int i = 0; i < 5; i++) {
            assertThat(commit(1, Blocks.SIZE)).allMatch(told -> told.where == null);
        }
    }

    /// Batches end with their segment, and an entry that goes on in the next one is in two places.
    @Test
    void whatIsInPartsIsNotTold() {
        commit(4, Blocks.SIZE);
        int segment = LogHarness.SEGMENT_BYTES;
        List<Told> told = commit(20, segment / 3);
        assertThat(told).anyMatch(each -> each.where == null).anyMatch(each -> each.where != null);
        assertThat(told).allMatch(each -> each.where == null || each.isRight());
    }
}
