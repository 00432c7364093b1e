package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.Bucket.Birth;
import lockstep.blockstore.tree.TreeEditor;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;

/// The snapshots' part of a consistency point. Nothing is found by walking: every block that died
/// is on the list of the first owner of its chain that lacks it, sorted by birth.
///
/// - A snapshot that goes: on the next owner's list, what was born after the snapshot before it is
///   nobody's now and waits to be drained; the rest is joined with its own list.
/// - A LUN that went back to a snapshot: its list is void, for all on it is alive again.
/// - What died in this consistency point goes on the LUNs' lists.
/// - A new snapshot takes its LUN's list over, and the LUN begins an empty one.
/// - Then a bounded number of blocks is drained ([DrainStage]).
final class SnapshotStage {
    /// The LUNs and snapshots of the new image and where it keeps their lists.
    record Result(List<LunState> luns, List<Snapshot> snapshots, DeathSpace deaths) {}

    private final CpContext context;
    private final CpWrites writes;
    private final ConsistencyPoint.Job job;
    private final Map<UUID, LunState> luns = new LinkedHashMap<>();
    private final Map<UUID, Deaths> deaths;
    private final Consumer<TreeEditor> editing;
    private final Consumer<@Nullable Result> done;
    private final DeathFile file;
    private final Map<UUID, SnapshotChain> chains = new LinkedHashMap<>();
    private final ArrayDeque<Consumer<Consumer<Boolean>>> steps = new ArrayDeque<>();
    private final List<Snapshot> snapshots = new ArrayList<>();
    private Chain freed;
    private Chain dropped;

    /// `after` are the LUNs with their new trees, `deaths` what those lost. `editing` gets the
    /// editor whose nodes are to be kept, `done` null if a block of the lists cannot be read.
    SnapshotStage(
            CpContext context,
            CpWrites writes,
            ConsistencyPoint.Job job,
            List<LunState> after,
            Map<UUID, Deaths> deaths,
            Consumer<TreeEditor> editing,
            Consumer<@Nullable Result> done) {
        this.context = context;
        this.writes = writes;
        this.job = job;
        this.deaths = deaths;
        this.editing = editing;
        this.done = done;
        DeathSpace space = job.before().deaths();
        this.file =
                new DeathFile(
                        context.loop(),
                        context.pool(),
                        context.reader(),
                        space.file(),
                        space.nextIndex());
        this.freed = space.freed();
        this.dropped = space.dropped();
        after.forEach(lun -> luns.put(lun.identity(), lun));
    }

    void run() {
        Set<UUID> kept = new HashSet<>();
        job.snapshots().forEach(snapshot -> kept.add(snapshot.identity()));
        for (LunState lun : job.before().luns()) {
            SnapshotChain chain = new SnapshotChain(lun, job.before().snapshots(), file);
            if (chain.isEmpty()) {
                continue;
            }
            chains.put(lun.identity(), chain);
            planChain(chain, kept);
        }
        next(true);
    }

    private void planChain(SnapshotChain chain, Set<UUID> kept) {
        UUID lun = chain.lun();
        Deaths died = deaths.get(lun);
        List<Snapshot> going =
                chain.snapshots().stream().filter(s -> !kept.contains(s.identity())).toList();
        boolean back = job.restored().contains(lun);
        SortedMap<Birth, List<BlockPointer>> lost = died == null ? new TreeMap<>() : died.kept();
        if (going.isEmpty() && !back && lost.isEmpty()) {
            return;
        }
        steps.add(next -> chain.load(going, next));
        going.forEach(snapshot -> steps.add(next -> delete(chain, snapshot, next)));
        if (back) {
            steps.add(next -> empty(chain, next));
        }
        if (!lost.isEmpty()) {
            steps.add(next -> append(chain, lost, next));
        }
    }

    private void next(boolean whole) {
        Consumer<Consumer<Boolean>> step = steps.poll();
        if (!whole) {
            done.accept(null);
        } else if (step != null) {
            step.accept(this::next);
        } else {
            takeOver();
            drain();
        }
    }

    private void delete(SnapshotChain chain, Snapshot snapshot, Consumer<Boolean> next) {
        DeathTable own = chain.table(snapshot.identity());
        DeathTable after = chain.table(chain.after(snapshot));
        CpId before = chain.before(snapshot);
        List<Bucket> free = after.bornAfter(before);
        List<Long> needed = new ArrayList<>(lastOf(free));
        for (Bucket bucket : own.buckets()) {
            if (!after.get(bucket.born()).chain().isEmpty()) {
                needed.add(bucket.chain().last());
            }
        }
        file.fetch(
                needed,
                whole -> {
                    if (whole) {
                        for (Bucket bucket : free) {
                            freed = bucket.chain().joined(freed, file);
                            after.put(Bucket.empty(bucket.born()));
                        }
                        for (Bucket bucket : own.buckets()) {
                            after.put(bucket.joined(after.get(bucket.born()), file));
                            own.put(Bucket.empty(bucket.born()));
                        }
                        own.store(file);
                        chain.remove(snapshot);
                    }
                    next.accept(whole);
                });
    }

    /// Everything on the LUN's list is alive again.
    private void empty(SnapshotChain chain, Consumer<Boolean> next) {
        DeathTable table = chain.table(chain.lun());
        file.fetch(
                lastOf(table.buckets()),
                whole -> {
                    if (whole) {
                        for (Bucket bucket : table.buckets()) {
                            dropped = bucket.chain().joined(dropped, file);
                            table.put(Bucket.empty(bucket.born()));
                        }
                    }
                    next.accept(whole);
                });
    }

    private void append(
            SnapshotChain chain,
            SortedMap<Birth, List<BlockPointer>> died,
            Consumer<Boolean> next) {
        DeathTable table = chain.table(chain.lun());
        List<Long> needed =
                died.keySet().stream()
                        .map(table::get)
                        .filter(Bucket::hasRoom)
                        .map(bucket -> bucket.chain().first())
                        .toList();
        file.fetch(
                needed,
                whole -> {
                    if (whole) {
                        died.forEach((born, dead) -> table.put(table.get(born).with(dead, file)));
                    }
                    next.accept(whole);
                });
    }

    private static List<Long> lastOf(Collection<Bucket> buckets) {
        return buckets.stream().map(bucket -> bucket.chain().last()).toList();
    }

    /// Lists are where they belong; new snapshots take over those of their LUNs.
    private void takeOver() {
        Map<UUID, Snapshot> known = new LinkedHashMap<>();
        for (SnapshotChain chain : chains.values()) {
            chain.store().forEach(snapshot -> known.put(snapshot.identity(), snapshot));
            DeathList list = chain.headList();
            LunState lun = luns.get(chain.lun());
            if (lun != null) {
                luns.put(chain.lun(), lun.with(list));
            } else {
                Check.that(list.blocks() == 0, "a LUN goes with its snapshots");
            }
        }
        for (Snapshot wanted : job.snapshots()) {
            Snapshot old = known.get(wanted.identity());
            LunState lun = luns.get(wanted.lun().identity());
            if (old != null) {
                snapshots.add(old);
            } else if (lun != null && !wanted.isCommitted()) {
                snapshots.add(wanted.committed(writes.cp(), lun));
                luns.put(lun.identity(), lun.with(DeathList.EMPTY));
            }
        }
    }

    private void drain() {
        List<Drain> drains = new ArrayList<>(job.before().deaths().drains());
        drains.addAll(job.deleted());
        DrainStage stage =
                new DrainStage(context, writes, file, freed, dropped, drains, this::write);
        stage.run();
    }

    private void write(DrainStage.@Nullable Left left) {
        if (left == null) {
            done.accept(null);
            return;
        }
        file.write(
                writes,
                editing,
                root -> {
                    if (root == null) {
                        done.accept(null);
                        return;
                    }
                    boolean empty = root.top().isHole();
                    DeathSpace space =
                            new DeathSpace(
                                    empty ? TreeRoot.empty(VolumeRoot.DEATH_TREE, 1) : root,
                                    empty ? 0 : file.nextIndex(),
                                    left.freed(),
                                    left.dropped(),
                                    left.drains());
                    done.accept(
                            new Result(List.copyOf(luns.values()), List.copyOf(snapshots), space));
                });
    }
}
