package lockstep.blockstore.cp;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSource;
import lockstep.blockstore.block.BlockSpace.StripeSet;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.tree.TreeRoot;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.function.LongPredicate;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

final class AllocatorTest {
    private static final int DISKS = 4;

    // The last window of a group is one stripe.
    private static final long DBNS = 8193;

    private static final long SIZE = DISKS * DBNS;

    private final Simulation simulation = new Simulation(1);
    private final SpaceMap map = new SpaceMap(2 * SIZE, 1);
    private final Allocator allocator = allocator();

    private Allocator allocator() {
        BlockPool pool = new BlockPool();
        BlockReader nothing = new BlockReader(new Nothing(), new BlockCache(0, 0, pool), pool);
        SpacePages pages = new SpacePages(map, TreeRoot.empty(1, SIZE), nothing);
        pages.needAll(whole -> assertThat(whole).isTrue());
        List<StripeSet> groups =
                List.of(StripeSet.of(0, DISKS, DBNS), StripeSet.of(SIZE, DISKS, DBNS));
        return new Allocator(map, pages, simulation.newLoop("volume"), groups, 2 * SIZE);
    }

    // The committed map is a hole.
    private static final class Nothing implements BlockSource {
        @Override
        public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
            done.ended(false);
        }

        @Override
        public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
            done.ended(Collections.nCopies(crcs.length, false));
        }
    }

    private static long stripe(long vbn) {
        return vbn / SIZE * DBNS + vbn % DBNS;
    }

    // What a consistency point of `count` blocks gets.
    private List<Long> allocate(int count) {
        List<Long> got = new ArrayList<>();
        allocator.expect(count);
        while (got.size() < count) {
            int some = (int) Math.min(count - got.size(), simulation.between(1, 3000));
            boolean[] ready = {false};
            allocator.prepare(some, whole -> ready[0] = whole);
            simulation.runUntilIdle();
            assertThat(ready[0]).isTrue();
            for (int i = 0; i < some; i++) {
                got.add(allocator.allocate());
            }
        }
        allocator.giveBack();
        return got;
    }

    private void use(LongPredicate vbns) {
        LongStream.range(1, 2 * SIZE).filter(vbns).forEach(map::take);
    }

    // Stripes in which something was used and something was taken.
    private long partlyUsed(List<Long> taken, LongPredicate used) {
        var stripes =
                LongStream.range(0, 2 * SIZE)
                        .filter(used)
                        .mapToObj(AllocatorTest::stripe)
                        .collect(Collectors.toSet());
        return taken.stream()
                .map(AllocatorTest::stripe)
                .distinct()
                .filter(stripes::contains)
                .count();
    }

    @Test
    void fillsStripesThatAreWhollyFree() {
        // Every third stripe has one used block.
        LongPredicate used =
                vbn -> stripe(vbn) % 3 == 0 && vbn / DBNS % DISKS == stripe(vbn) % DISKS;
        use(used);
        List<Long> taken = allocate(20_000);
        assertThat(taken).doesNotHaveDuplicates().noneMatch(used::test);
        assertThat(partlyUsed(taken, used)).isZero();
        // Except where it ended they are filled.
        long stripes = taken.stream().map(AllocatorTest::stripe).distinct().count();
        assertThat(stripes).isBetween(5000L, 5256L);
    }

    @Test
    void runsAreLong() {
        List<Long> taken = allocate(8192);
        long runs = 1;
        for (int i = 1; i < taken.size(); i++) {
            runs += taken.get(i) == taken.get(i - 1) + 1 ? 0 : 1;
        }
        assertThat(runs).isLessThan(60);
    }

    @Test
    void takesWhatThereIsWhereNoStripeIsFree() {
        // One block of every stripe.
        LongPredicate used = vbn -> vbn / DBNS % DISKS == stripe(vbn) % DISKS;
        use(used);
        List<Long> taken = allocate(6000);
        assertThat(taken).doesNotHaveDuplicates().noneMatch(used::test);
        // As many of each as there are.
        assertThat(partlyUsed(taken, used)).isBetween(2000L, 2256L);
    }

    @Test
    void passesOverWhatIsFullerThanOthers() {
        // In the first half three blocks of each stripe, in the second one.
        LongPredicate used =
                vbn ->
                        vbn < SIZE
                                ? vbn / DBNS % DISKS != stripe(vbn) % DISKS
                                : vbn / DBNS % DISKS == stripe(vbn) % DISKS;
        use(used);
        assertThat(allocate(3000)).allMatch(vbn -> vbn >= SIZE);
    }

    @Test
    void findsTheLastOne() {
        use(vbn -> simulation.oneIn(2));
        int free = (int) map.free();
        List<Long> taken = allocate(free);
        assertThat(taken).hasSize(free).doesNotHaveDuplicates();
        assertThat(map.free()).isZero();
    }

    @Test
    void whatWasSetAsideGoesBack() {
        long before = map.used();
        allocator.expect(100);
        allocator.prepare(100, whole -> assertThat(whole).isTrue());
        long one = allocator.allocate();
        allocator.giveBack();
        assertThat(map.used()).isEqualTo(before + 1);
        assertThat(map.isUsed(one)).isTrue();
    }
}
