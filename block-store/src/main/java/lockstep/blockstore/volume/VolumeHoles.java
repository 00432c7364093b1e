package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSpace.StripeSet;
import lockstep.blockstore.block.ProbedSource;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.FreeStripes;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.raid.SpaceHoles;
import lockstep.blockstore.raid.StripeRange;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// Gives what nothing uses any more, after an UNMAP or when a snapshot or a LUN is gone, back to
/// what lends it to the disks; of a copy in either role.
///
/// A pass goes over all stripes, a window at a time: what is free by the space map of the committed
/// image and still holds space is offered to the next consistency point, which makes the holes. The
/// window is done when nothing is left of it to offer. So nothing is ever given back under a block
/// that an image, a pin or a read may need: what is free in the committed image is what this
/// consistency point may overwrite too.
///
/// Blocks die and are used again all the time; to give each back at once would cost more than it
/// gains. A pass begins when, since the last, a good part of what was used has become free and
/// stays so, and when after opening the disks hold much more than what is used needs: what an
/// earlier pass has left. Under load a pass goes on with the consistency points that come anyway.
public final class VolumeHoles {
    private static final int WINDOW = 4096;
    private static final int TRIES = 3;
    private static final long LOOK_NANOS = 100_000_000;

    /// A pass is worth it when one part of so many has become free.
    private static final int SHARE = 64;

    /// What hosts overwrite dies in one consistency point and is free in the next: what is used
    /// rises and falls with the load. So it has to be seen low as often as this.
    private static final int LOOKS = 3;

    private final Supplier<VolumeCopy> copy;
    private final BooleanSupplier ready;
    private final RaidSpace space;
    private final HoleSettings settings;
    private final Runnable wantCp;
    private final List<Runnable> whenQuiet = new ArrayList<>();
    private long mostUsed = -1;
    private long held = -1;
    private CpId lastCp = CpId.NONE;
    private long lastUsed;
    private boolean asked;
    private int inVain;
    private int low;
    private boolean passing;
    private int group;
    private long dbn;
    private int tries;
    private @Nullable CpId offeredFor;
    private long offered;
    private long left = Long.MAX_VALUE;
    private boolean stepping;
    private boolean closed;
    private Clock.@Nullable Timer timer;

    /// For a copy that is open. `copy` gives it as it is now; `ready` says whether what a crash or
    /// a change of role left behind is in order; `wantCp` asks for a consistency point, if need be
    /// of the node that makes them.
    public VolumeHoles(
            Supplier<VolumeCopy> copy,
            BooleanSupplier ready,
            RaidSpace space,
            HoleSettings settings,
            Runnable wantCp) {
        this.copy = copy;
        this.ready = ready;
        this.space = space;
        this.settings = settings;
        this.wantCp = wantCp;
    }

    /// Begins to look.
    public void open() {
        if (settings.bytesPerSecond() > 0) {
            rest(settings.intervalNanos());
        }
    }

    /// Ends all use of the disks; `quiet` is called when none is under way any more.
    public void close(Runnable quiet) {
        closed = true;
        if (timer != null) {
            timer.cancel();
        }
        holes().withdraw();
        whenQuiet.add(quiet);
        tellQuiet();
    }

    private void tellQuiet() {
        if (closed && !stepping) {
            List<Runnable> waiting = List.copyOf(whenQuiet);
            whenQuiet.clear();
            waiting.forEach(Runnable::run);
        }
    }

    /// Bytes of all disks together that were given back since the copy was opened.
    public long givenBack() {
        return holes().punchedBytes();
    }

    /// Bytes of what lends space to the disks that they held lately; -1 if nobody knows.
    public long held() {
        return held;
    }

    // Groups may come and grow.
    private SpaceHoles holes() {
        return space.raid().holes();
    }

    private void rest(long nanos) {
        if (!closed) {
            timer = space.disks().loop().clock().schedule(nanos, this::look);
        }
    }

    private void look() {
        if (closed) {
            return;
        }
        VolumeCopy now = copy.get();
        boolean noImage = now.state().sync() == CopyState.Sync.NO_IMAGE;
        if (noImage || !ready.getAsBoolean() || space.disks().anyLost() != null) {
            holes().withdraw();
            offeredFor = null;
            rest(settings.intervalNanos());
            return;
        }
        VolumeRoot root = now.root();
        if (offeredFor != null && offeredFor.equals(root.cp())) {
            rest(LOOK_NANOS);
        } else if (offeredFor != null) {
            offeredFor = null;
            rest(paceNanos(offered));
        } else if (passing) {
            step(root);
        } else {
            stepping = true;
            holes().held(bytes -> measured(now, bytes));
        }
    }

    // What a pass before a restart has left shows in what the disks hold.
    private void measured(VolumeCopy now, long bytes) {
        stepping = false;
        held = bytes;
        if (closed) {
            tellQuiet();
            return;
        }
        VolumeRoot root = now.root();
        if (mostUsed < 0) {
            long needed = holes().needed(root.used());
            mostUsed = bytes > needed + needed / 4 ? Long.MAX_VALUE : root.used();
        }
        begin(root);
    }

    private void begin(VolumeRoot root) {
        long worth = Math.max(settings.unit() * 4L, root.used() / SHARE);
        mostUsed = Math.max(mostUsed, root.used());
        low = mostUsed - root.used() >= worth ? low + 1 : 0;
        if ((low >= LOOKS || mostUsed == Long.MAX_VALUE) && anyPossible()) {
            low = 0;
            mostUsed = root.used();
            passing = true;
            group = 0;
            dbn = 0;
            step(root);
            return;
        }
        askIfIdle(root);
        rest(settings.intervalNanos());
    }

    // What died in one consistency point becomes free in the next, which nobody asks for when the
    // hosts are idle. Of a pair the source sees to that: two that ask, each taking the other's
    // consistency points for a sign of life, would never come to rest.
    private void askIfIdle(VolumeRoot root) {
        if (copy.get().state().role() == CopyState.Role.MIRROR) {
            return;
        }
        boolean changed = !root.cp().equals(lastCp);
        if (changed && (!asked || lastUsed - root.used() >= settings.unit())) {
            inVain = 0;
        }
        boolean idle = asked || !changed;
        lastCp = root.cp();
        lastUsed = root.used();
        asked = idle && inVain < TRIES && !root.dead().top().isHole() && anyPossible();
        if (asked) {
            inVain++;
            wantCp.run();
        }
    }

    private boolean anyPossible() {
        for (int g = 0; g < space.stripeSets().size(); g++) {
            if (holes().isPossible(g)) {
                return true;
            }
        }
        return false;
    }

    private StripeRange pieceOf(StripeSet set) {
        return new StripeRange(dbn, (int) Math.min(WINDOW, set.dbnCount() - dbn));
    }

    private void step(VolumeRoot root) {
        List<StripeSet> sets = space.stripeSets();
        if (group >= sets.size()) {
            passing = false;
            rest(settings.intervalNanos());
            return;
        }
        if (!holes().isPossible(group)) {
            goOn(sets.get(group).dbnCount());
            rest(LOOK_NANOS);
            return;
        }
        stepping = true;
        BlockPool pool = new BlockPool();
        BlockReader reader =
                new BlockReader(
                        new ProbedSource(space.raid().scrub(_ -> {}), root.cp()),
                        new BlockCache(16, 0, pool),
                        pool);
        StripeRange window = pieceOf(sets.get(group));
        FreeStripes.find(
                root,
                reader,
                sets.get(group),
                window,
                settings.unit(),
                free -> {
                    if (free == null) {
                        found(root, window, List.of(), ++tries < TRIES);
                    } else {
                        holes().search(
                                        group,
                                        free,
                                        settings.unit(),
                                        ranges -> found(root, window, ranges, false));
                    }
                });
    }

    private void found(
            VolumeRoot root, StripeRange window, List<StripeRange> ranges, boolean again) {
        stepping = false;
        if (closed) {
            tellQuiet();
            return;
        }
        boolean outdated = again || !root.cp().equals(copy.get().root().cp());
        offered = ranges.stream().mapToLong(StripeRange::count).sum();
        if (outdated && (again || offered > 0)) {
            rest(LOOK_NANOS);
        } else if (offered == 0 || !isWorthAnother()) {
            goOn(window.count());
            rest(paceNanos(window.count() / 32));
        } else {
            offeredFor = root.cp();
            holes().offer(group, root.cp(), ranges);
            wantCp.run();
            rest(LOOK_NANOS);
        }
    }

    // A consistency point takes as many as it can note, and passes over what it uses itself. The
    // rest is offered again as long as that makes it less.
    private boolean isWorthAnother() {
        tries = offered < left ? 0 : tries + 1;
        left = Math.min(left, offered);
        return tries < TRIES;
    }

    private void goOn(long stripes) {
        tries = 0;
        left = Long.MAX_VALUE;
        dbn += stripes;
        if (dbn >= space.stripeSets().get(group).dbnCount()) {
            dbn = 0;
            group++;
        }
    }

    private long paceNanos(long stripes) {
        List<StripeSet> sets = space.stripeSets();
        long slots = sets.get(Math.min(group, sets.size() - 1)).dataDisks() + 1L;
        double bytes = Blocks.toBytes(stripes * slots);
        return Math.max(1_000_000, (long) (bytes * 1e9 / settings.bytesPerSecond()));
    }
}
