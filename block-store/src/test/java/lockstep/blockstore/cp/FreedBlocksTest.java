package lockstep.blockstore.cp;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.io.Slices;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;

final class FreedBlocksTest {
    @Test
    void eachComesOncePageByPage() {
        FreedBlocks freed = new FreedBlocks();
        List<Long> added =
                new Random(1)
                        .longs(5000, 1, 9L * SpaceMap.VBNS_PER_PAGE)
                        .distinct()
                        .boxed()
                        .toList();
        added.forEach(freed::add);
        List<Long> given = new ArrayList<>();
        Slices.Step each = freed.each(given::add);
        int steps = 0;
        while (each.run()) {
            steps++;
        }
        assertThat(steps).isEqualTo(added.size());
        assertThat(given).containsExactlyInAnyOrderElementsOf(added);
        List<Integer> pages = given.stream().map(SpaceMap::pageOf).toList();
        assertThat(pages).isSorted();
        assertThat(freed.pages()).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8);
    }

    @Test
    void noneIsNothing() {
        FreedBlocks freed = new FreedBlocks();
        assertThat(freed.pages()).isEmpty();
        assertThat(freed.each(vbn -> assertThat(vbn).isNegative()).run()).isFalse();
    }
}
