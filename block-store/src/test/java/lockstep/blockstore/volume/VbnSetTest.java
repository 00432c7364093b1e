package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.HashSet;
import java.util.Set;
import java.util.SplittableRandom;

final class VbnSetTest {
    /// Also far beyond what an int counts, where a volume is larger than 8 TiB.
    @Test
    void itHoldsWhatWasPutInAndNothingElse() {
        SplittableRandom random = new SplittableRandom(7);
        VbnSet set = new VbnSet();
        Set<Long> model = new HashSet<>();
        long[] around = {0, 1 << 15, Integer.MAX_VALUE, 1L << 33, 1L << 46};
        for (int i = 0; i < 50_000; i++) {
            long vbn = around[random.nextInt(around.length)] + random.nextLong(40_000);
            assertThat(set.has(vbn)).isEqualTo(model.contains(vbn));
            if (random.nextBoolean()) {
                assertThat(set.add(vbn)).isEqualTo(model.add(vbn));
                assertThat(set.has(vbn)).isTrue();
            }
        }
        for (long vbn = Integer.MAX_VALUE - 10L; vbn < Integer.MAX_VALUE + 40_010L; vbn++) {
            assertThat(set.has(vbn)).isEqualTo(model.contains(vbn));
        }
    }
}
