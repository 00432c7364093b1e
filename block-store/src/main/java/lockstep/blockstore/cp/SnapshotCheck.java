package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.Bucket.Birth;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.TreeWalk;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Checks the snapshots of an image against what their trees hold: each owner's dead list is
/// exactly what the owner before has and it has not, in the bucket of its birth; the counts are
/// right. A library for tests: it walks every tree as a whole.
public final class SnapshotCheck {
    private final StateFile state;
    private final BlockReader reader;
    private final BlockPool pool;
    private final EventLoop loop;
    private final LongConsumer freed;
    private final DeathFile file;
    private final List<String> errors = new ArrayList<>();
    private final ArrayDeque<Consumer<Runnable>> steps = new ArrayDeque<>();
    private final Map<UUID, Map<Long, BlockPointer>> reach = new HashMap<>();
    private final TreeSet<Long> used = new TreeSet<>();

    /// Of the image whose state file is `state`; `freed` gets the VBNs of deleted snapshots that
    /// wait to become free.
    public SnapshotCheck(
            StateFile state,
            BlockReader reader,
            BlockPool pool,
            EventLoop loop,
            LongConsumer freed) {
        this.state = state;
        this.reader = reader;
        this.pool = pool;
        this.loop = loop;
        this.freed = freed;
        this.file =
                new DeathFile(
                        loop, pool, reader, state.deaths().file(), state.deaths().nextIndex());
    }

    /// Checks, and gives what is wrong. If `lean`, it only finds what was freed: the rest takes
    /// memory for every block.
    public void run(boolean lean, Consumer<List<String>> done) {
        if (!lean) {
            planLists();
        }
        steps.add(
                next ->
                        chain(
                                state.deaths().freed(),
                                pointer -> freed.accept(pointer.vbn()),
                                next));
        if (!lean) {
            steps.add(next -> chain(state.deaths().dropped(), _ -> {}, next));
            steps.add(this::checkFile);
        }
        next(done);
    }

    private void planLists() {
        for (LunState lun : state.luns()) {
            List<Snapshot> its = state.snapshotsOf(lun.identity());
            for (Snapshot s : its) {
                planTree(s.identity(), s.root(), s.mappedBlocks(), s.nodes(), lun.originCp());
            }
            UUID own = lun.identity();
            planTree(own, lun.root(), lun.mappedBlocks(), lun.nodes(), lun.originCp());
            CpId since = lun.originCp();
            for (int i = 0; i < its.size(); i++) {
                boolean last = i + 1 == its.size();
                UUID owner = last ? own : its.get(i + 1).identity();
                DeathList list = last ? lun.dead() : its.get(i + 1).dead();
                Snapshot before = its.get(i);
                CpId from = since;
                steps.add(next -> checkList(before, from, owner, list, next));
                since = before.cp();
            }
            DeathList first = its.isEmpty() ? lun.dead() : its.getFirst().dead();
            expect(first.equals(DeathList.EMPTY), "the first of a chain has a dead list");
        }
    }

    private void next(Consumer<List<String>> done) {
        Consumer<Runnable> step = steps.poll();
        if (step == null) {
            file.close();
            done.accept(errors);
        } else {
            step.accept(() -> loop.execute(() -> next(done)));
        }
    }

    private void expect(boolean condition, String what) {
        if (!condition) {
            errors.add(what);
        }
    }

    private void planTree(UUID owner, TreeRoot root, long mapped, long nodes, CpId origin) {
        long[] counted = new long[2];
        TreeMap<Long, BlockPointer> found = new TreeMap<>();
        reach.put(owner, found);
        TreeWalk walk = new TreeWalk(root, CpId.NONE, reader, pool);
        steps.add(
                next ->
                        walk(
                                walk,
                                (pointer, level) -> {
                                    counted[level < 0 ? 0 : 1]++;
                                    if (pointer.isAllocated() && pointer.bornAfter(origin)) {
                                        found.put(pointer.vbn(), pointer);
                                    }
                                },
                                next));
        steps.add(
                next -> {
                    boolean right =
                            counted[0] == mapped
                                    && (counted[1] == nodes || nodes == LunState.UNKNOWN);
                    expect(right, "mapped blocks or nodes of " + owner + " are miscounted");
                    next.run();
                });
    }

    private interface Found {
        void block(BlockPointer pointer, int level);
    }

    private void walk(TreeWalk walk, Found each, Runnable done) {
        walk.next(
                new TreeWalk.Visitor() {
                    @Override
                    public void block(BlockPointer pointer, int level, long index) {
                        each.block(pointer, level);
                        loop.execute(() -> walk(walk, each, done));
                    }

                    @Override
                    public void ended() {
                        done.run();
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        errors.add("a tree block cannot be read: " + pointer);
                        walk.close();
                        done.run();
                    }
                });
    }

    /// `list` is that of `owner`, which follows `before` in a chain where `since` comes before
    /// that.
    private void checkList(Snapshot before, CpId since, UUID owner, DeathList list, Runnable next) {
        TreeMap<Long, BlockPointer> expected = new TreeMap<>(reachOf(before.identity()));
        expected.keySet().removeAll(reachOf(owner).keySet());
        long unique = expected.values().stream().filter(p -> p.bornAfter(since)).count();
        expect(unique == before.unique(), "unique of " + before.name() + " is not " + unique);
        List<Long> indices = new ArrayList<>();
        for (long index : DeathTable.indices(list)) {
            indices.add(index);
            use(index);
        }
        file.fetch(
                indices,
                whole -> {
                    DeathTable table = whole ? DeathTable.read(list, file) : null;
                    if (table == null) {
                        errors.add("the dead list of " + owner + " cannot be read");
                        next.run();
                        return;
                    }
                    ArrayDeque<Bucket> buckets = new ArrayDeque<>(table.buckets());
                    TreeSet<Birth> borders = new TreeSet<>();
                    state.snapshotsOf(before.lun().identity())
                            .forEach(snapshot -> borders.add(Birth.of(snapshot.cp())));
                    bucket(buckets, borders, expected, () -> compared(owner, expected, next));
                });
    }

    private Map<Long, BlockPointer> reachOf(UUID owner) {
        return reach.getOrDefault(owner, new TreeMap<>());
    }

    private void bucket(
            ArrayDeque<Bucket> buckets,
            NavigableSet<Birth> borders,
            Map<Long, BlockPointer> expected,
            Runnable done) {
        Bucket bucket = buckets.poll();
        if (bucket == null) {
            done.run();
            return;
        }
        chain(
                bucket.chain(),
                dead -> {
                    BlockPointer live = expected.remove(dead.vbn());
                    Birth born = new Birth(dead.birthEpoch(), dead.birthCount());
                    boolean right =
                            live != null
                                    && live.birthEpoch() == dead.birthEpoch()
                                    && live.birthCount() == dead.birthCount()
                                    && born.compareTo(bucket.born()) <= 0
                                    && borders.subSet(born, bucket.born()).isEmpty();
                    expect(right, dead + " is listed in the wrong place");
                },
                () -> bucket(buckets, borders, expected, done));
    }

    private void compared(UUID owner, Map<Long, BlockPointer> missing, Runnable next) {
        expect(missing.isEmpty(), "not on the dead list of " + owner + ": " + missing.values());
        next.run();
    }

    /// Shows every block of a chain to `each`.
    private void chain(Chain chain, Consumer<BlockPointer> each, Runnable done) {
        link(chain.first(), -1, new long[] {chain.blocks()}, chain.last(), each, done);
    }

    private void link(
            long index,
            long before,
            long[] left,
            long last,
            Consumer<BlockPointer> each,
            Runnable done) {
        if (index < 0) {
            expect(left[0] == 0 && before == last, "a chain is miscounted");
            done.run();
            return;
        }
        use(index);
        file.fetch(
                List.of(index),
                whole -> {
                    if (!whole || !Chain.isBlock(file.block(index))) {
                        errors.add("a block of a dead list cannot be read");
                        done.run();
                        return;
                    }
                    ByteBuffer block = file.block(index);
                    for (int i = 0; i < Chain.count(block); i++) {
                        each.accept(Chain.entry(block, i));
                    }
                    left[0] -= Chain.count(block);
                    link(Chain.next(block), index, left, last, each, done);
                });
    }

    private void use(long index) {
        expect(used.add(index), "block " + index + " of the dead lists is used twice");
    }

    /// The file holds nothing but what is used.
    private void checkFile(Runnable next) {
        TreeSet<Long> held = new TreeSet<>();
        TreeWalk walk = new TreeWalk(state.deaths().file(), CpId.NONE, reader, pool);
        walk.next(
                new TreeWalk.Visitor() {
                    @Override
                    public void block(BlockPointer pointer, int level, long index) {
                        if (level < 0) {
                            held.add(index);
                        }
                        loop.execute(() -> walk.next(this));
                    }

                    @Override
                    public void ended() {
                        expect(held.equals(used), "dead lists: " + held + " held, used " + used);
                        next.run();
                    }

                    @Override
                    public void lost(BlockPointer pointer) {
                        errors.add("a tree block cannot be read: " + pointer);
                        next.run();
                    }
                });
    }
}
