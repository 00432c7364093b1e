package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What is to be written to one disk of some neighbouring stripes: runs of blocks that stand side
/// by side. One request takes all of them, because a request costs more than most runs do.
final class BlockRuns {
    /// Gives what is written in a stripe, counted from the first; null leaves a gap.
    interface Contents {
        @Nullable ByteBuffer of(int stripe);
    }

    private BlockRuns() {}

    /// The runs in `count` stripes, of which the first stands at block `first` of the disk. Buffers
    /// are taken as they are given.
    static List<Extent> of(long first, int count, Contents contents) {
        List<Extent> runs = new ArrayList<>();
        List<ByteBuffer> run = new ArrayList<>();
        for (int i = 0; i <= count; i++) {
            ByteBuffer content = i < count ? contents.of(i) : null;
            if (content != null) {
                run.add(content);
            } else if (!run.isEmpty()) {
                runs.add(new Extent(Blocks.toBytes(first + i - run.size()), run));
                run = new ArrayList<>();
            }
        }
        return runs;
    }
}
