package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.block.BlockCache;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Reads everything that one image of a copy reaches, from the disks and past every cache, and adds
/// it up in [#RANGES] ranges of block numbers, by checksums computed from what was read. Two copies
/// of one image come to the same sums; where they do not, the same again with a smaller window
/// leads to the blocks that differ. The image must stay pinned until the end.
public final class ImageSum {
    /// So many ranges a window is cut into.
    public static final int RANGES = 64;

    private static final int BLOCKS_PER_SLICE = 64;

    /// What was read comes to; `lost` is the number of a block that no disk has any more, or is not
    /// what the pointer to it says, and after which nothing was read; -1 if there is none.
    public record Result(List<SetHash.Value> ranges, long lost) {
        public Result {
            ranges = List.copyOf(ranges);
        }
    }

    private final VolumeCopy copy;
    private final VolumeRoot root;
    private final long first;
    private final long count;
    private final Consumer<Result> done;
    private final BlockReader reader;
    private final List<SetHash> sums = new ArrayList<>();
    private @Nullable ImageWalk walk;
    private boolean stopped;

    /// Of the image of `root`, the `count` blocks from `first` on.
    public ImageSum(
            VolumeCopy copy, VolumeRoot root, long first, long count, Consumer<Result> done) {
        this.copy = copy;
        this.root = root;
        this.first = first;
        this.count = count;
        this.done = done;
        this.reader = new BlockReader(copy.space(), new BlockCache(0, 0, copy.pool()), copy.pool());
        for (int i = 0; i < RANGES; i++) {
            sums.add(new SetHash());
        }
    }

    /// Blocks in one range of a window of `count`.
    public static long width(long count) {
        return Math.max(1, (count + RANGES - 1) / RANGES);
    }

    /// Begins.
    public void start() {
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        walk = new ImageWalk(root, state, reader, copy.pool());
                        next(BLOCKS_PER_SLICE);
                    }

                    @Override
                    public void lost(String what) {
                        end(root.state().top().vbn());
                    }
                });
    }

    /// Ends without a result.
    public void stop() {
        stopped = true;
        if (walk != null) {
            walk.close();
        }
    }

    private void next(int left) {
        ImageWalk running = walk;
        if (stopped || running == null) {
            return;
        }
        if (left == 0) {
            copy.loop().execute(() -> next(BLOCKS_PER_SLICE));
            return;
        }
        running.next(
                new ImageWalk.Sink() {
                    @Override
                    public void block(long vbn, int crc, ByteBuffer borrowed) {
                        add(vbn, Crc32c.of(borrowed, 0, Blocks.SIZE));
                        next(left - 1);
                    }

                    @Override
                    public void change(
                            BlockPointer now,
                            ByteBuffer borrowed,
                            BlockPointer base,
                            ByteBuffer borrowedPatch) {
                        block(now.vbn(), now.crc(), borrowed);
                    }

                    @Override
                    public void ended() {
                        end(-1);
                    }

                    @Override
                    public void lost(long vbn) {
                        end(vbn);
                    }
                });
    }

    private void add(long vbn, int crc) {
        if (vbn >= first && vbn - first < count) {
            sums.get((int) ((vbn - first) / width(count))).add(vbn, crc);
        }
    }

    private void end(long lost) {
        if (!stopped) {
            stop();
            done.accept(new Result(sums.stream().map(SetHash::value).toList(), lost));
        }
    }
}
