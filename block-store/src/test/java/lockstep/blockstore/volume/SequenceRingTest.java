package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.BrokenInvariant;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;

class SequenceRingTest {
    private static final int STEPS = 200_000;

    @ParameterizedTest
    @ValueSource(longs = {1, 1L << 31, (1L << 40) - 3})
    void itIsWhatASortedMapWouldBe(long first) {
        Random random = new Random(first);
        SequenceRing<Long> ring = new SequenceRing<>(first);
        TreeMap<Long, Long> twin = new TreeMap<>();
        long next = first;
        int most = 0;
        for (int step = 0; step < STEPS; step++) {
            // It grows beyond its first size, and shrinks again, many times.
            boolean growing = (step / 8_000) % 2 == 0;
            int choice = random.nextInt(100);
            if (choice == 0) {
                long from = ring.first() + random.nextLong(next - ring.first() + 1);
                long cut = Math.max(from, next - random.nextInt(20));
                ring.cutFrom(cut);
                twin.tailMap(cut).clear();
                next = cut;
            } else if (choice < (growing ? 75 : 25)) {
                ring.add(next);
                twin.put(next, next);
                next++;
            } else {
                Long oldest = twin.isEmpty() ? null : twin.pollFirstEntry().getValue();
                assertThat(ring.removeFirst()).isEqualTo(oldest);
            }
            most = Math.max(most, twin.size());
            assertThat(ring.next()).isEqualTo(next);
            long asked = ring.first() - 2 + random.nextLong(twin.size() + 4L);
            assertThat(ring.get(asked)).isEqualTo(twin.get(asked));
        }
        List<Long> shown = new ArrayList<>();
        ring.forEach(shown::add);
        assertThat(shown).isEqualTo(List.copyOf(twin.values()));
        assertThat(most).isGreaterThan(2_000);
    }

    @Test
    void afterARestartNothingIsThere() {
        SequenceRing<String> ring = new SequenceRing<>(5);
        ring.add("five");
        ring.restartAt(3);
        assertThat(ring.get(5)).isNull();
        assertThat(ring.removeFirst()).isNull();
        ring.add("three");
        assertThat(ring.get(3)).isEqualTo("three");
        assertThat(ring.first()).isEqualTo(3);
    }

    @Test
    void whatIsNotThereIsNotCut() {
        SequenceRing<String> ring = new SequenceRing<>(5);
        ring.add("five");
        assertThatThrownBy(() -> ring.cutFrom(7)).isInstanceOf(BrokenInvariant.class);
        assertThatThrownBy(() -> ring.cutFrom(4)).isInstanceOf(BrokenInvariant.class);
    }
}
