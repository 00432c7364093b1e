package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.Drain;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;
import lockstep.blockstore.tree.TreeScan;
import lockstep.blockstore.tree.TreeWalk;

import java.util.ArrayList;
import java.util.List;

/// One tree of an image and what of it is its own: what was born after `since`. The trees of a
/// LUN's chain share the rest with the one before. All trees of an image together meet every block
/// once.
///
/// A tree that is `draining` is walked from block `cursor` on; its nodes are needed to take it
/// apart, the data they point at is not. `extent` is how many blocks it is about, for whoever tells
/// how far a walk is; system files are small.
record ImageTree(TreeRoot root, CpId since, long cursor, boolean draining, long extent) {
    /// Everything that the image of `root` reaches, whose state file is `state`.
    static List<ImageTree> of(VolumeRoot root, StateFile state) {
        List<ImageTree> trees = new ArrayList<>();
        for (LunState lun : state.luns()) {
            CpId since = lun.originCp();
            for (Snapshot snapshot : state.snapshotsOf(lun.identity())) {
                trees.add(new ImageTree(snapshot.root(), since, 0, false, blocks(snapshot.lun())));
                since = snapshot.cp();
            }
            trees.add(new ImageTree(lun.root(), since, 0, false, blocks(lun.record())));
        }
        for (Drain drain : state.deaths().drains()) {
            trees.add(new ImageTree(drain.root(), drain.since(), drain.cursor(), true, 1));
        }
        for (TreeRoot file :
                List.of(root.state(), root.dead(), root.space(), state.deaths().file())) {
            trees.add(new ImageTree(file, CpId.NONE, 0, false, 1));
        }
        return trees;
    }

    private static long blocks(LunRecord lun) {
        return lun.size() / Blocks.SIZE;
    }

    /// Finds what of it was born after `image`, in no order.
    TreeScan scan(CpId image, BlockReader reader, EventLoop loop, TreeScan.Visitor visitor) {
        CpId later = image.compareTo(since) > 0 ? image : since;
        return new TreeScan(root, later, cursor, reader, loop, visitor);
    }

    /// Walks it.
    TreeWalk walk(BlockReader reader, BlockPool pool) {
        return new TreeWalk(root, since, cursor, reader, pool);
    }
}
