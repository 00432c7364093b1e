package lockstep.blockstore.cp;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.io.Slices;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;

/// What is on the list, beside a plain one of which every entry is looked at each time.
final class DeadListTest {
    private final DeadList list = new DeadList();
    private final TreeMap<Long, List<CpId>> plain = new TreeMap<>();
    private final Random random = new Random(1);
    private long nextVbn;

    private static CpId cp(long count) {
        return new CpId(new Epoch(3, 1), count);
    }

    private void die(long count, int blocks) {
        for (int i = 0; i < blocks; i++) {
            CpId born = cp(random.nextLong(count));
            list.add(BlockPointer.to(nextVbn, 0, born), cp(count));
            plain.put(nextVbn++, List.of(born, cp(count)));
        }
    }

    private int sweep(Pins pins) {
        TreeSet<Long> freed = new TreeSet<>();
        Slices.Step walk = list.sweep(pins, freed::add);
        int steps = 1;
        while (walk.run()) {
            steps++;
            // Those that move are not forgotten meanwhile.
            assertThat(list.entries()).isEqualTo(nextVbn - gone - freed.size());
        }
        TreeSet<Long> right = new TreeSet<>();
        plain.forEach(
                (vbn, life) -> {
                    CpId born = life.getFirst();
                    CpId died = life.getLast();
                    boolean needed =
                            pins.need(
                                    born.epoch().counter(),
                                    born.count(),
                                    died.epoch().counter(),
                                    died.count());
                    if (!needed) {
                        right.add(vbn);
                    }
                });
        assertThat(freed).isEqualTo(right);
        plain.keySet().removeAll(freed);
        gone += freed.size();
        List<Long> listed = new ArrayList<>();
        list.forEach(listed::add);
        assertThat(listed).containsExactlyInAnyOrderElementsOf(plain.keySet());
        assertThat(list.entries()).isEqualTo(plain.size());
        return steps;
    }

    private long gone;

    @Test
    void whatNoPinNeedsIsFreedOnceAndWhatTheSamePinsNeedIsNotLookedAtAgain() {
        Pins pins = new Pins(List.of());
        for (long count = 1; count < 200; count++) {
            if (random.nextInt(6) == 0) {
                pins = random.nextInt(3) == 0 ? new Pins(List.of()) : pins;
                pins.add(new Pin(cp(count), null));
                while (pins.list().size() > 3) {
                    pins.giveUpOldest(null);
                }
            }
            list.settle();
            die(count + 1, random.nextInt(600));
            sweep(pins.and(List.of()));
            // The consistency point itself lets blocks die, behind its walk.
            die(count + 1, random.nextInt(40));
        }
        list.settle();
        assertThat(gone).isPositive();
        assertThat(plain).isNotEmpty();
        // With nothing new and the same pins there is next to nothing to do.
        sweep(pins);
        assertThat(plain).hasSizeGreaterThan(3 * DeadList.ENTRIES_PER_BLOCK);
        assertThat(sweep(pins)).isEqualTo(1);
        sweep(new Pins(List.of()));
        assertThat(list.entries()).isZero();
    }
}
