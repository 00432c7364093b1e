package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.BitSet;
import java.util.Random;

final class DbnSetTest {
    /// Beside a set of single stripes, and where numbers of a disk of many terabytes are.
    @Test
    void holdsWhatWasAddedAndNothingElse() {
        Random random = new Random(1);
        for (int round = 0; round < 50; round++) {
            long base = round % 2 == 0 ? 0 : 1L << 33;
            DbnSet set = new DbnSet();
            BitSet right = new BitSet();
            for (int i = 0; i < 40; i++) {
                int from = random.nextInt(300);
                int count = 1 + random.nextInt(12);
                set.add(base + from, count);
                right.set(from, from + count);
            }
            for (int dbn = 0; dbn < 320; dbn++) {
                assertThat(set.has(base + dbn)).isEqualTo(right.get(dbn));
            }
            assertThat(set.size()).isEqualTo(right.cardinality());
            assertThat(set.has(base - 1) || set.has(base + (1L << 32))).isFalse();
        }
    }
}
