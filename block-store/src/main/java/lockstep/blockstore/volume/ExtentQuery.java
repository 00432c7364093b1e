package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.DirtyOverlay;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.OverlayBlock;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.TreeReader;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Tells which blocks of a LUN hold space, as of its newest log entry: overlays first, then the
/// committed tree, as a read goes. A step looks at a bounded number of blocks and then gives way; a
/// query makes a bounded number of steps.
final class ExtentQuery {
    private static final int BLOCKS_PER_STEP = 1024;

    /// 256 MiB of a LUN in one query.
    private static final int STEPS_MAX = 64;

    /// What is known of a block.
    private enum Known {
        /// The tree has to say.
        NOTHING,
        /// It reads as zeros and holds no space.
        HOLE,
        /// It holds space, or will when it is committed.
        MAPPED
    }

    /// Whose extents are asked for.
    interface View {
        /// What is committed of it; null if it is gone.
        @Nullable LunState committed();

        /// What was written since, newest first; null where there is nothing.
        default @Nullable DirtyOverlay newest() {
            return null;
        }

        /// See [#newest].
        default @Nullable DirtyOverlay older() {
            return null;
        }

        /// The committed tree is read from now on.
        long readBegins();

        /// What [#readBegins] gave has ended.
        void readEnds(long generation);

        /// LUN `lun` as of the newest entry.
        static View of(VolumeCore core, CpDriver driver, int lun) {
            return new View() {
                @Override
                public @Nullable LunState committed() {
                    return core.luns.find(lun);
                }

                @Override
                public @Nullable DirtyOverlay newest() {
                    return core.filling;
                }

                @Override
                public @Nullable DirtyOverlay older() {
                    return core.frozenFor(lun);
                }

                @Override
                public long readBegins() {
                    return driver.readBegins();
                }

                @Override
                public void readEnds(long generation) {
                    driver.readEnds(generation);
                }
            };
        }
    }

    private final BlockReader reader;
    private final EventLoop loop;
    private final View view;
    private final int extentsMax;
    private final LunExtent.Handler done;
    private final List<LunExtent> extents = new ArrayList<>();
    private long next;
    private int steps;

    /// Of what `view` shows, from the block that holds byte `offset` on, up to `extentsMax` runs.
    ExtentQuery(
            BlockReader reader,
            EventLoop loop,
            View view,
            long offset,
            int extentsMax,
            LunExtent.Handler done) {
        this.reader = reader;
        this.loop = loop;
        this.view = view;
        this.extentsMax = extentsMax;
        this.done = done;
        this.next = Blocks.containing(offset);
    }

    void run() {
        LunState state = view.committed();
        long end = state == null ? 0 : Blocks.roundUp(state.record().size());
        // One run more than asked for tells where the last one ends.
        if (state == null || next >= end || steps == STEPS_MAX || extents.size() > extentsMax) {
            done.ended(Outcome.done(), extents.subList(0, Math.min(extents.size(), extentsMax)));
            return;
        }
        steps++;
        // What the overlays say is taken before the tree is asked, so that a consistency point that
        // ends meanwhile changes nothing.
        Known[] known = new Known[(int) Math.min(BLOCKS_PER_STEP, end - next)];
        int lun = state.record().number();
        for (int i = 0; i < known.length; i++) {
            known[i] = fromOverlay(view.newest(), lun, next + i);
            if (known[i] == Known.NOTHING) {
                known[i] = fromOverlay(view.older(), lun, next + i);
            }
        }
        long inTree = Math.clamp(state.root().span() - next, 0, known.length);
        if (inTree == 0) {
            take(known, new BlockPointer[0]);
            return;
        }
        long generation = view.readBegins();
        new TreeReader(reader)
                .find(
                        state.root(),
                        next,
                        (int) inTree,
                        pointers -> {
                            view.readEnds(generation);
                            take(known, pointers);
                        });
    }

    /// Sectors that were zeroed in a block with gaps leave it what it was below.
    private static Known fromOverlay(@Nullable DirtyOverlay overlay, int lun, long block) {
        OverlayBlock found = overlay == null ? null : overlay.find(lun, block);
        if (found == null) {
            return Known.NOTHING;
        }
        if (found.isHole()) {
            return Known.HOLE;
        }
        return found.isLost() || found.holdsBytes() ? Known.MAPPED : Known.NOTHING;
    }

    private void take(Known[] known, BlockPointer @Nullable [] pointers) {
        if (pointers == null) {
            done.ended(new Outcome.MediumError(Blocks.toBytes(next)), List.of());
            return;
        }
        for (int i = 0; i < known.length; i++) {
            boolean inTree = i < pointers.length && !pointers[i].isHole();
            add(known[i] == Known.MAPPED || (known[i] == Known.NOTHING && inTree));
        }
        loop.execute(this::run);
    }

    private void add(boolean mapped) {
        int last = extents.size() - 1;
        if (last >= 0 && extents.get(last).mapped() == mapped) {
            LunExtent run = extents.get(last);
            extents.set(last, new LunExtent(run.offset(), run.length() + Blocks.SIZE, mapped));
        } else {
            extents.add(new LunExtent(Blocks.toBytes(next), Blocks.SIZE, mapped));
        }
        next++;
    }
}
