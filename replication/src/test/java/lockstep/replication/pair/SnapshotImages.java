package lockstep.replication.pair;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.tree.TreeWalk;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;

/// What the snapshots of [SnapshotLoad]'s LUN were taken of, against every image of either node.
final class SnapshotImages {
    private final PairSimulation pair;
    private final Map<String, long[]> taken = new LinkedHashMap<>();
    long checked;

    SnapshotImages(PairSimulation pair) {
        this.pair = pair;
    }

    /// If there ever is a snapshot `name`, this is what it holds.
    void taken(String name, long[] content) {
        taken.put(name, content);
    }

    /// An image of a node, read past everything.
    void seen(StateFile state, BlockReader reader, BlockPool pool) {
        for (Snapshot snapshot : state.snapshots()) {
            long[] expected = taken.get(snapshot.name());
            if (snapshot.lun().number() == SnapshotLoad.LUN && expected != null) {
                long[] found = new long[SnapshotLoad.SECTORS];
                TreeWalk walk = new TreeWalk(snapshot.root(), CpId.NONE, reader, pool);
                boolean[] ended = new boolean[1];
                while (!ended[0]) {
                    walk.next(visitor(reader, found, ended));
                }
                checked++;
                pair.check(
                        Arrays.equals(found, expected),
                        "snapshot " + snapshot.name() + " holds what it was taken of");
            }
        }
    }

    private TreeWalk.Visitor visitor(BlockReader reader, long[] found, boolean[] ended) {
        return new TreeWalk.Visitor() {
            @Override
            public void block(BlockPointer pointer, int level, long index) {
                if (level < 0) {
                    reader.read(
                            pointer,
                            block -> {
                                byte[] bytes = new byte[Blocks.SIZE];
                                block.get(0, bytes);
                                for (int i = 0; i < Blocks.SECTORS; i++) {
                                    found[(int) index * Blocks.SECTORS + i] =
                                            SectorHistory.numberOf(bytes, i * Blocks.SECTOR);
                                }
                            });
                }
            }

            @Override
            public void ended() {
                ended[0] = true;
            }

            @Override
            public void lost(BlockPointer pointer) {
                throw new AssertionError("a snapshot's tree can be read: " + pointer);
            }
        };
    }
}
