package lockstep.blockstore.cp;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Slices;
import lockstep.blockstore.tree.TreeEditor;
import lockstep.blockstore.tree.VbnAllocator;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.UUID;
import java.util.function.Consumer;

/// One step of a volume from image `n-1` to image `n`.
///
/// The idea: nothing that image `n-1` reaches is ever overwritten, so until the superblock is
/// durable a crash leaves image `n-1` whole, and after it image `n` is. Hence the order: choose
/// VBNs that are free; write data, trees and maps there; flush; write the superblock; flush. What
/// image `n` no longer reaches is not free yet: it goes on the dead list and becomes free in a
/// later consistency point, when no pin needs it. Meanwhile new writes go on into another overlay
/// and another log half.
///
/// The same blocks go to the mirror while they are written here. The mirror is told to commit by
/// the volume, after this has ended, so it never has an image that its source could lose.
public final class ConsistencyPoint {
    /// What to commit. `before` is the state of the image before; `luns`, `values` and `snapshots`
    /// are as they were when `frozen` froze, snapshots that are not committed yet among them.
    /// `deleted` are trees that nothing reaches any more, `restored` the identities of LUNs that
    /// went back to a snapshot.
    public record Job(
            CpId cp,
            Position upTo,
            long order,
            DirtyOverlay frozen,
            StateFile before,
            List<LunState> luns,
            SortedMap<String, byte[]> values,
            List<Snapshot> snapshots,
            List<Drain> deleted,
            List<UUID> restored) {}

    /// Takes the end, and tells how soon it should come.
    public interface Listener {
        /// Whether its blocks should be written as fast as the disks take them, because somebody
        /// waits for its end, or will.
        boolean isUrgent();

        /// Everything is written and flushed; calls `proceed` once the log entries that the image
        /// holds are durable on every leg, so that no image is ever ahead of the mirror's log.
        void beforeCommit(Runnable proceed);

        /// The image is durable on this node.
        void committed(VolumeRoot root, StateFile state);

        /// The image could not be committed; the one before stands. The volume has to stop.
        void failed(String reason);
    }

    private static final int FREES_PER_SLICE = 4096;

    // Of which looking through the entries takes some hundred microseconds.
    private static final int DEAD_BLOCKS_PER_SLICE = 64;

    private final CpContext context;
    private final VolumeRoot before;
    private final Job job;
    private final @Nullable UpdateSink mirror;
    private final Listener listener;
    private final CpOutput output;
    private final CpWrites writes;
    private final List<TreeEditor> editors = new ArrayList<>();
    private final List<LunState> lunsAfter = new ArrayList<>();
    private final ArrayDeque<LunState> lunsToDo = new ArrayDeque<>();
    private final Map<UUID, Deaths> deaths = new LinkedHashMap<>();
    private CpStage stage = CpStage.SWEEP;
    private BlockSpace.@Nullable Writer waitingToCommit;
    private int legs;

    /// Commits `job` on top of image `before`; `mirror` is null if nobody wants the blocks.
    public ConsistencyPoint(
            CpContext context,
            VolumeRoot before,
            Job job,
            @Nullable UpdateSink mirror,
            Listener listener) {
        Check.that(job.cp.compareTo(before.cp()) > 0, "consistency points only go forward");
        this.context = context;
        this.before = before;
        this.job = job;
        this.mirror = mirror;
        this.listener = listener;
        this.output = new CpOutput(context.loop());
        this.writes = new CpWrites(job.cp, allocator(), output);
    }

    /// Where it is.
    public CpStage stage() {
        return stage;
    }

    /// Blocks it writes, once it knows.
    public int blocks() {
        return output.size();
    }

    /// Ends it just before its commit, where it waits; the image before stands. `done` is called
    /// when the stripes it had touched are right again.
    public void abandon(Runnable done) {
        Check.that(stage == CpStage.COMMIT, "only what waits to commit is abandoned");
        BlockSpace.Writer begun = waitingToCommit;
        if (begun == null) {
            done.run();
            return;
        }
        waitingToCommit = null;
        stage = CpStage.ENDED;
        // A fault here is not lost: the copy is opened next, and recovery of the same stripes meets
        // it.
        begun.abandon(_ -> done.run());
    }

    /// Starts; the listener hears of the end.
    public void run() {
        FreedBlocks freed = new FreedBlocks();
        // A pin counts until a root without it is durable: a crash may bring this one back.
        Pins pins = context.pins().and(before.pins());
        Slices.run(
                context.loop(),
                DEAD_BLOCKS_PER_SLICE,
                context.dead().sweep(pins, freed::add),
                () -> swept(freed));
    }

    private void swept(FreedBlocks freed) {
        context.pages()
                .need(
                        freed.pages(),
                        whole -> {
                            if (whole) {
                                free(freed);
                            } else {
                                fail("a page of the space map cannot be read from any disk");
                            }
                        });
    }

    private void free(FreedBlocks freed) {
        Slices.Step each =
                freed.each(
                        vbn -> {
                            context.map().give(vbn);
                            context.reader().freed(vbn);
                        });
        Slices.run(context.loop(), FREES_PER_SLICE, each, this::begin);
    }

    private void begin() {
        context.allocator().expect(job.frozen.blocks() + job.frozen.blocks() / 16 + 16);
        enter(CpStage.LUNS);
        lunsToDo.addAll(job.luns);
        nextLun();
    }

    private VbnAllocator allocator() {
        return new VbnAllocator() {
            @Override
            public void prepare(long blocks, Consumer<Boolean> done) {
                context.allocator().prepare(blocks, done);
            }

            @Override
            public long allocate() {
                return context.allocator().allocate();
            }

            @Override
            public void died(BlockPointer replaced) {
                context.dead().add(replaced, job.cp);
            }
        };
    }

    private void enter(CpStage next) {
        Check.that(next.compareTo(stage) > 0, "the stages of a CP only go forward");
        stage = next;
    }

    private void nextLun() {
        LunState lun = lunsToDo.poll();
        if (lun == null) {
            enter(CpStage.SNAPSHOTS);
            snapshots();
            return;
        }
        if (job.frozen.isEmpty(lun.record().number())) {
            lunsAfter.add(lun);
            nextLun();
            return;
        }
        Deaths died = new Deaths(writes, lun.originCp(), snapshotsOf(lun));
        deaths.put(lun.identity(), died);
        LunStage lunStage =
                new LunStage(context, job.cp, job.frozen, died, output, lun, this::lunDone);
        editors.add(lunStage.editor());
        lunStage.run();
    }

    /// The snapshots of `lun` that both images have.
    private List<CpId> snapshotsOf(LunState lun) {
        return job.snapshots.stream()
                .filter(s -> s.isCommitted() && s.lun().identity().equals(lun.identity()))
                .map(Snapshot::cp)
                .toList();
    }

    private void lunDone(@Nullable LunState after) {
        if (after == null) {
            fail("a tree block of a LUN, or of the space map, cannot be read from any disk");
        } else {
            lunsAfter.add(after);
            nextLun();
        }
    }

    private void snapshots() {
        SnapshotStage stage =
                new SnapshotStage(
                        context,
                        writes,
                        job,
                        lunsAfter,
                        deaths,
                        editors::add,
                        result -> {
                            if (result == null) {
                                fail("a dead list of a snapshot cannot be read from any disk");
                            } else {
                                enter(CpStage.SYSTEM_FILES);
                                writeSystemFiles(result);
                            }
                        });
        stage.run();
    }

    private void writeSystemFiles(SnapshotStage.Result result) {
        StateFile state =
                new StateFile(result.luns(), job.values, result.snapshots(), result.deaths());
        SystemStage system =
                new SystemStage(
                        context,
                        job.cp,
                        writes.allocator(),
                        output,
                        before,
                        roots -> {
                            if (roots == null) {
                                fail("a block of a system file cannot be read from any disk");
                            } else {
                                write(rootOf(roots), state);
                            }
                        });
        editors.addAll(system.editors());
        system.run(state);
    }

    private VolumeRoot rootOf(SystemStage.Result result) {
        return new VolumeRoot(
                before.volume(),
                job.cp,
                job.upTo,
                context.map().size(),
                context.map().used(),
                result.stateBytes(),
                result.state(),
                result.dead(),
                result.space(),
                context.pins().list());
    }

    /// Local disks and the mirror take the same blocks at the same time.
    private void write(VolumeRoot root, StateFile state) {
        enter(CpStage.WRITE);
        BlockSpace.Writer writer = context.space().begin(job.cp);
        writer.calmUnless(listener::isUrgent);
        context.tally().add(output.blocks());
        legs = mirror == null ? 1 : 2;
        if (mirror != null) {
            output.shipTo(mirror, () -> legDone(writer, root, state));
        }
        output.putTo(
                writer,
                () ->
                        writer.writeOut(
                                fault -> {
                                    if (fault != null) {
                                        fail(fault.toString());
                                    } else {
                                        legDone(writer, root, state);
                                    }
                                }));
    }

    private void legDone(BlockSpace.Writer writer, VolumeRoot root, StateFile state) {
        legs--;
        if (legs > 0 || stage == CpStage.ENDED) {
            return;
        }
        enter(CpStage.FLUSH);
        writer.flush(
                fault -> {
                    if (fault != null) {
                        fail(fault.toString());
                        return;
                    }
                    enter(CpStage.COMMIT);
                    waitingToCommit = writer;
                    listener.beforeCommit(() -> commit(writer, root, state));
                });
    }

    private void commit(BlockSpace.Writer writer, VolumeRoot root, StateFile state) {
        waitingToCommit = null;
        context.space()
                .commitRoot(
                        job.order, root.encode(), fault -> committed(writer, root, state, fault));
    }

    private void committed(
            BlockSpace.Writer writer, VolumeRoot root, StateFile state, @Nullable IoFault fault) {
        if (fault != null) {
            fail(fault.toString());
            return;
        }
        writer.committed();
        context.pages().committed(root.space());
        enter(CpStage.ENDED);
        listener.committed(root, state);
        output.keep(context.reader(), () -> keepNodes(0));
    }

    private void keepNodes(int editor) {
        if (editor == editors.size()) {
            job.frozen.close();
        } else {
            editors.get(editor).keepNodes(() -> keepNodes(editor + 1));
        }
    }

    private void fail(String reason) {
        if (stage != CpStage.ENDED) {
            stage = CpStage.ENDED;
            listener.failed(reason);
        }
    }
}
