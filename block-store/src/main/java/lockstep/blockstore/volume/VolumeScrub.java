package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.raid.SpaceScrub;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Reads all of a copy now and then, an active volume or a mirror, and makes good what is not as it
/// was written. A pass is: the records and labels, every pointer ([PointerPass]), every stripe
/// ([SpaceScrub]), the records again.
///
/// Step follows step on the loop, some as one while nobody else uses the disks. After each it
/// pauses for as long as the rate asks, and while others use the disks at least for as long as the
/// step took, so that never more than half of what they can do goes into it then. While a
/// consistency point is being written it waits, but not for ever.
///
/// Where it is stands in a record that is written now and then: after a restart the pass goes on
/// from there, and does the last stretch again.
public final class VolumeScrub {
    /// Hears what a pass finds and how it ends. Calls come on the volume's loop.
    public interface Listener {
        /// Something was not as it was written.
        void found(ScrubFinding finding);

        /// A write that was meant for VBN `meant` had landed at VBN `landed`; both are findings of
        /// their own.
        void misdirected(long meant, long landed);

        /// A block that a tree points at is lost, and the other copy has not given it: `tree` is
        /// the LUN's number or a system file's, `level` -1 is data at block `index` of it.
        void lost(int tree, int level, long index, BlockPointer pointer);

        /// A pass has ended.
        void ended(ScrubState state);
    }

    private static final int TREES_OF_LUNS = 256;
    private static final long SAVE_NANOS = 30_000_000_000L;
    private static final long LOOK_NANOS = 20_000_000L;
    private static final int LOOKS = 50;
    private static final long NOT_READY_NANOS = 500_000_000L;
    private static final int STEPS_AT_ONCE = 8;
    private static final int BURSTS_PER_SECOND = 8;
    private static final long IDLE_NANOS = 60_000_000_000L;

    private final RaidSpace space;
    private final BooleanSupplier ready;
    private final ScrubSettings settings;
    private final Listener listener;
    private final SpaceScrub steps;
    private final PointerPass pointers;
    private final Misdirected misdirected = new Misdirected();
    private final List<Runnable> whenQuiet = new ArrayList<>();
    private ScrubState state;
    private long order;
    private long savedNanos;
    private boolean saving;
    private boolean stepping;
    private boolean closed;
    private Clock.@Nullable Timer timer;

    /// The scrub of a copy that is open. `copy` gives it as it is now, in whatever role; `ready`
    /// says whether what a crash or a change of role left behind is in order.
    public VolumeScrub(
            Supplier<VolumeCopy> copy,
            BooleanSupplier ready,
            RaidSpace space,
            ScrubSettings settings,
            Listener listener) {
        this.ready = ready;
        this.space = space;
        this.settings = settings;
        this.listener = listener;
        this.steps = space.raid().scrub(this::found);
        this.pointers = new PointerPass(copy, steps, new LostBlocks());
        VolumeDisks.StoredRecord stored = space.disks().readNewest(RecordArea.SCRUB);
        ScrubState found = stored == null ? null : ScrubState.decode(stored.payload());
        this.order = stored == null ? 0 : stored.order();
        this.state = found == null ? ScrubState.fresh(clock().wallMillis()) : found;
        this.savedNanos = clock().nanoTime();
    }

    private Clock clock() {
        return space.disks().loop().clock();
    }

    /// Goes on with a pass that a restart cut off, and begins others when their time has come.
    public void open() {
        if (space.disks().readNewest(RecordArea.SCRUB) == null) {
            save();
        }
        resume();
    }

    /// Begins a pass, or goes on with one that was stopped. False if the rate is 0.
    public boolean start() {
        if (settings.bytesPerSecond() == 0) {
            return false;
        }
        if (!state.running()) {
            boolean stopped = state.phase() != ScrubState.Phase.IDLE;
            state = stopped ? state.as(true) : state.begun(clock().wallMillis());
            save();
            resume();
        }
        return true;
    }

    /// Stops the pass under way; [#start] goes on with it.
    public void stop() {
        if (state.running()) {
            state = state.as(false);
            save();
            resume();
        }
    }

    /// Ends all use of the disks; `quiet` is called when none is under way any more.
    public void close(Runnable quiet) {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        whenQuiet.add(quiet);
        tellQuiet();
    }

    private void tellQuiet() {
        if (closed && !stepping && !saving) {
            List<Runnable> waiting = List.copyOf(whenQuiet);
            whenQuiet.clear();
            waiting.forEach(Runnable::run);
        }
    }

    /// Where it is, and what this pass, or the last, has found.
    public ScrubState state() {
        return state;
    }

    /// How much of the stripes' walk is done, in percent; 100 between passes.
    public int percent() {
        return switch (state.phase()) {
            case IDLE -> 100;
            case POINTERS -> 0;
            case STRIPES -> {
                long all = 0;
                long done = state.step();
                for (int group = 0; group < steps.groups(); group++) {
                    all += steps.steps(group);
                    done += group < state.group() ? steps.steps(group) : 0;
                }
                yield (int) (100 * done / all);
            }
        };
    }

    private final class LostBlocks implements PointerPass.Lost {
        @Override
        public void lost(int tree, int level, long index, BlockPointer pointer) {
            listener.lost(tree, level, index, pointer);
        }

        @Override
        public void rescued(int tree, int level, long index, BlockPointer pointer) {
            String where = " at " + space.placeOf(pointer.vbn());
            found(
                    ScrubFinding.fromPartner(
                            space.raid().geometry(),
                            pointer.vbn(),
                            pointer.crc(),
                            placeIn(tree, level, index) + where));
        }
    }

    /// A block of a tree, for people: `level` -1 is data.
    public static String placeIn(int tree, int level, long index) {
        String what = level < 0 ? "block " + index : "node " + index + " of level " + level;
        return what + (tree < TREES_OF_LUNS ? " of LUN " : " of system file ") + tree;
    }

    private void found(ScrubFinding finding) {
        state = state.with(state.counts().and(finding));
        listener.found(finding);
        for (Misdirected.Pair pair : misdirected.pairsWith(finding)) {
            state = state.with(state.counts().misdirectedToo());
            listener.misdirected(pair.meant(), pair.landed());
        }
    }

    private void resume() {
        if (timer != null) {
            timer.cancel();
        }
        if (closed || stepping || space.disks().anyLost() != null) {
            return;
        }
        if (state.running() && settings.bytesPerSecond() > 0) {
            stepping = true;
            space.disks().loop().execute(() -> whenCpHasEnded(0));
        } else {
            timer = clock().schedule(IDLE_NANOS, this::look);
        }
    }

    private void look() {
        long due = state.endedMillis() + settings.intervalMillis();
        boolean stopped = state.phase() != ScrubState.Phase.IDLE;
        if (clock().wallMillis() < due || stopped || !start()) {
            resume();
        }
    }

    private void whenCpHasEnded(int looks) {
        if (closed || !state.running() || space.disks().anyLost() != null) {
            stepped(0, 0);
        } else if (!ready.getAsBoolean()) {
            clock().schedule(NOT_READY_NANOS, () -> whenCpHasEnded(looks));
        } else if (space.raid().isWriting() && looks < LOOKS) {
            clock().schedule(LOOK_NANOS, () -> whenCpHasEnded(looks + 1));
        } else {
            step(clock().nanoTime());
        }
    }

    private void step(long begunNanos) {
        switch (state.phase()) {
            case IDLE -> stepped(0, begunNanos);
            case POINTERS -> {
                if (state.tree() == 0 && state.index() == 0) {
                    scrubRecords(() -> stepPointers(begunNanos));
                } else {
                    stepPointers(begunNanos);
                }
            }
            case STRIPES -> stepStripes(begunNanos);
        }
    }

    private void stepPointers(long begunNanos) {
        pointers.step(
                state.tree(),
                state.index(),
                (tree, index, blocks) -> {
                    ScrubState next =
                            tree < 0 ? state.atStripes(0, 0) : state.atPointers(tree, index);
                    state = next.with(state.counts().read(blocks));
                    stepped(blocks, begunNanos);
                });
    }

    private void stepStripes(long begunNanos) {
        int group = state.group();
        long step = state.step();
        if (group >= steps.groups()) {
            scrubRecords(() -> space.disks().flush(_ -> endPass()));
            return;
        }
        int count = stepsAtOnce(group, step);
        long blocks = steps.blocks(group, step, count);
        steps.steps(
                group,
                step,
                count,
                () -> {
                    boolean more = step + count < steps.steps(group);
                    ScrubState next =
                            more
                                    ? state.atStripes(group, step + count)
                                    : state.atStripes(group + 1, 0);
                    state = next.with(state.counts().read(blocks));
                    stepped(blocks, begunNanos);
                });
    }

    // Some while nobody else is there, but not more than what the rate gives in a short time.
    private int stepsAtOnce(int group, long step) {
        long most = Math.min(STEPS_AT_ONCE, steps.steps(group) - step);
        long bytes = Blocks.toBytes(steps.blocks(group, step, 1));
        long worth = settings.bytesPerSecond() / BURSTS_PER_SECOND / bytes;
        return othersAreBusy() ? 1 : (int) Math.clamp(worth, 1, most);
    }

    private void scrubRecords(Runnable done) {
        space.disks()
                .scrubRecords((group, slot, block, what) -> record(group, slot, block, what), done);
    }

    private void record(int group, int slot, long block, String what) {
        found(new ScrubFinding(ScrubFinding.Kind.RECORD, group, slot, block, -1, -1, -1, what));
    }

    private void endPass() {
        misdirected.clear();
        state = state.ended(clock().wallMillis());
        save();
        listener.ended(state);
        stepped(0, 0);
    }

    private void stepped(long blocks, long begunNanos) {
        long now = clock().nanoTime();
        if (now - savedNanos >= SAVE_NANOS) {
            save();
        }
        long rate = Math.max(1, settings.bytesPerSecond());
        long paced = (long) (Blocks.toBytes(blocks) * 1e9 / rate);
        long took = now - begunNanos;
        long pause = blocks == 0 ? 0 : othersAreBusy() ? Math.max(paced, took) : paced - took;
        if (pause <= 0) {
            restAndResume();
        } else {
            clock().schedule(pause, this::restAndResume);
        }
    }

    // Nothing of the scrub itself is under way between two steps.
    private boolean othersAreBusy() {
        return space.disks().groups().stream().anyMatch(group -> group.underWay() > 0);
    }

    private void restAndResume() {
        stepping = false;
        resume();
        tellQuiet();
    }

    private void save() {
        if (saving || closed || space.disks().anyLost() != null) {
            return;
        }
        saving = true;
        savedNanos = clock().nanoTime();
        // What it says was looked at is repaired on the medium before it says so.
        ScrubState written = state;
        space.disks().flush(_ -> write(written));
    }

    private void write(ScrubState written) {
        order++;
        space.disks()
                .writeRecord(
                        RecordArea.SCRUB,
                        order,
                        written.encode(),
                        _ -> {
                            saving = false;
                            boolean changed =
                                    written.running() != state.running()
                                            || written.phase() != state.phase();
                            if (changed && !closed) {
                                save();
                            }
                            tellQuiet();
                        });
    }
}
