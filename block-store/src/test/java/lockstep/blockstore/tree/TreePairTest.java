package lockstep.blockstore.tree;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSource;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/// Two versions of a tree of any heights, beside a walk over all of both; and one version alone.
final class TreePairTest {
    private static final int TREE = 7;
    private static final int RUNS = 3000;
    private static final int LEVELS_MAX = 3;

    private final Contents blocks = new Contents();
    private final BlockPool pool = new BlockPool();
    private final BlockReader reader =
            new BlockReader(blocks, new BlockCache(1 << 12, 0, pool), pool);

    private final Simulation simulation = new Simulation(1);

    private record Found(int level, BlockPointer pointer) {}

    private record Place(int level, long index) {}

    private record Versions(BlockPointer before, BlockPointer after) {}

    /// Blocks in memory; the same content written by the same consistency point has one VBN.
    private static final class Contents implements BlockSource {
        private final Map<ByteBuffer, BlockPointer> pointers = new HashMap<>();
        private final Map<Long, ByteBuffer> contents = new HashMap<>();

        BlockPointer write(ByteBuffer content, CpId cp) {
            return pointers.computeIfAbsent(
                    content,
                    _ -> {
                        long vbn = 1_000_000L + contents.size();
                        contents.put(vbn, content);
                        return BlockPointer.to(vbn, Crc32c.of(content, 0, Blocks.SIZE), cp);
                    });
        }

        @Override
        public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
            into.put(0, contents.get(vbn), 0, Blocks.SIZE);
            done.ended(true);
        }

        @Override
        public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
            throw new AssertionError("trees are read node by node");
        }
    }

    private static CpId cp(long count) {
        return new CpId(new Epoch(1, 1), count);
    }

    @Test
    void differencesAreFoundWhateverTheHeights() {
        Random random = new Random(1);
        for (int run = 0; run < RUNS; run++) {
            int levelsBefore = 1 + random.nextInt(LEVELS_MAX);
            int levelsAfter = 1 + random.nextInt(LEVELS_MAX);
            SortedMap<Long, BlockPointer> before = some(random, levelsBefore, 1, 3);
            SortedMap<Long, BlockPointer> after = some(random, levelsAfter, 4, 6);
            before.headMap(TreeRoot.span(levelsAfter))
                    .forEach((at, pointer) -> keep(random, after, at, pointer));
            check(
                    new Version(levelsBefore, before),
                    new Version(levelsAfter, after),
                    cp(random.nextInt(7)));
        }
    }

    private static void keep(
            Random random, Map<Long, BlockPointer> after, long at, BlockPointer pointer) {
        if (random.nextInt(3) > 0) {
            after.put(at, pointer);
        }
    }

    /// Some pointers of a tree of that height, born in one of the consistency points named.
    private static SortedMap<Long, BlockPointer> some(
            Random random, int levels, int first, int last) {
        SortedMap<Long, BlockPointer> data = new TreeMap<>();
        int count = random.nextInt(8);
        for (int i = 0; i < count; i++) {
            boolean near = random.nextBoolean();
            long at = random.nextLong(near ? 2L * PointerBlock.FANOUT : TreeRoot.span(levels));
            long born = random.nextLong(first, last + 1L);
            if (at < TreeRoot.span(levels)) {
                data.put(at, BlockPointer.to(1 + random.nextInt(100_000), 0, cp(born)));
            }
        }
        return data;
    }

    /// One version: its root, and all its places.
    private final class Version {
        final Map<Place, BlockPointer> places = new HashMap<>();
        final TreeRoot root;

        Version(int levels, Map<Long, BlockPointer> data) {
            Map<Long, BlockPointer> below = data;
            data.forEach((index, pointer) -> places.put(new Place(-1, index), pointer));
            for (int level = 0; level < levels; level++) {
                Map<Long, BlockPointer> nodes = nodes(level, below);
                for (Map.Entry<Long, BlockPointer> node : nodes.entrySet()) {
                    places.put(new Place(level, node.getKey()), node.getValue());
                }
                below = nodes;
            }
            root = new TreeRoot(TREE, levels, below.getOrDefault(0L, BlockPointer.HOLE));
        }

        private Map<Long, BlockPointer> nodes(int level, Map<Long, BlockPointer> below) {
            Map<Long, ByteBuffer> contents = new TreeMap<>();
            Map<Long, Long> births = new HashMap<>();
            below.forEach(
                    (index, pointer) -> {
                        long node = index / PointerBlock.FANOUT;
                        ByteBuffer content =
                                contents.computeIfAbsent(node, _ -> formatted(level, node));
                        int slot = (int) (index % PointerBlock.FANOUT);
                        PointerBlock.put(content, slot, pointer);
                        births.merge(node, pointer.birthCount(), Math::max);
                    });
            Map<Long, BlockPointer> nodes = new TreeMap<>();
            contents.forEach(
                    (node, content) ->
                            nodes.put(
                                    node,
                                    blocks.write(content, cp(births.getOrDefault(node, 0L)))));
            return nodes;
        }

        private static ByteBuffer formatted(int level, long index) {
            ByteBuffer content = ByteBuffer.allocate(Blocks.SIZE);
            PointerBlock.format(content, level, TREE, index);
            return content;
        }

        BlockPointer at(Place place) {
            return places.getOrDefault(place, BlockPointer.HOLE);
        }
    }

    private void check(Version before, Version after, CpId since) {
        Set<Place> all = new HashSet<>(before.places.keySet());
        all.addAll(after.places.keySet());
        Map<Place, Versions> different = new HashMap<>();
        Map<Place, Versions> born = new HashMap<>();
        for (Place place : all) {
            Versions versions = new Versions(before.at(place), after.at(place));
            if (!versions.before.equals(versions.after)) {
                different.put(place, versions);
            }
            if (!versions.after.isHole() && versions.after.bornAfter(since)) {
                born.put(place, versions);
            }
        }
        assertThat(visited(new TreePair(before.root, after.root, 0, reader, pool)))
                .isEqualTo(different);
        assertThat(visited(new TreePair(before.root, after.root, since, 0, reader, pool)))
                .isEqualTo(born);
        List<Found> alone = new ArrayList<>();
        born.forEach((place, versions) -> alone.add(new Found(place.level, versions.after)));
        assertThat(scanned(after.root, since)).containsExactlyInAnyOrderElementsOf(alone);
    }

    private List<Found> scanned(TreeRoot root, CpId since) {
        List<Found> found = new ArrayList<>();
        boolean[] ended = new boolean[1];
        SimEventLoop loop = simulation.newLoop("scan");
        new TreeScan(
                        root,
                        since,
                        0,
                        reader,
                        loop,
                        new TreeScan.Visitor() {
                            @Override
                            public void block(BlockPointer pointer, int level) {
                                assertThat(ended[0]).isFalse();
                                found.add(new Found(level, pointer));
                            }

                            @Override
                            public void ended(@Nullable BlockPointer lost) {
                                assertThat(lost).isNull();
                                assertThat(ended[0]).isFalse();
                                ended[0] = true;
                            }
                        })
                .start();
        simulation.runUntil(() -> ended[0]);
        return found;
    }

    private static Map<Place, Versions> visited(TreePair pair) {
        Map<Place, Versions> places = new HashMap<>();
        boolean[] ended = new boolean[1];
        while (!ended[0]) {
            pair.next(
                    new TreePair.Visitor() {
                        @Override
                        public void place(
                                int level, long index, BlockPointer before, BlockPointer after) {
                            Versions versions = new Versions(before, after);
                            assertThat(places.put(new Place(level, index), versions)).isNull();
                        }

                        @Override
                        public void ended() {
                            ended[0] = true;
                        }

                        @Override
                        public void lost(BlockPointer pointer) {
                            throw new AssertionError("lost " + pointer);
                        }
                    });
        }
        return places;
    }
}
