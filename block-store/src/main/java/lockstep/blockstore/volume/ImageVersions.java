package lockstep.blockstore.volume;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.cp.Drain;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.TreePair;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// Two images of one copy, and which tree of the one is which of the other.
final class ImageVersions {
    /// A tree of the older image beside what it is in the newer one, empty if it is gone. Of a tree
    /// that is `draining` only the nodes from block `cursor` on are anybody's.
    record Versions(TreeRoot before, TreeRoot after, int lun, long cursor, boolean draining) {
        TreePair walk(BlockReader reader, BlockPool pool) {
            return new TreePair(before, after, cursor, reader, pool);
        }
    }

    private static final int NO_LUN = -1;

    private final VolumeRoot older;
    private final StateFile olderState;
    private final VolumeRoot newer;
    private final StateFile newerState;

    private ImageVersions(
            VolumeRoot older, StateFile olderState, VolumeRoot newer, StateFile newerState) {
        this.older = older;
        this.olderState = olderState;
        this.newer = newer;
        this.newerState = newerState;
    }

    /// Reads what both images say of themselves; `done` gets null if one cannot be read.
    static void load(
            VolumeRoot older,
            VolumeRoot newer,
            BlockReader reader,
            Consumer<@Nullable ImageVersions> done) {
        state(
                older,
                reader,
                before ->
                        state(
                                newer,
                                reader,
                                after ->
                                        done.accept(
                                                before == null || after == null
                                                        ? null
                                                        : new ImageVersions(
                                                                older, before, newer, after))));
    }

    private static void state(
            VolumeRoot root, BlockReader reader, Consumer<@Nullable StateFile> done) {
        StateLoader.load(
                root,
                reader,
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        done.accept(state);
                    }

                    @Override
                    public void lost(String what) {
                        done.accept(null);
                    }
                });
    }

    /// Every tree of the older image.
    List<Versions> ofOlder() {
        List<Versions> all = new ArrayList<>();
        for (LunState lun : olderState.luns()) {
            all.add(whole(lun.root(), rootOf(newerState, lun)));
        }
        for (Snapshot snapshot : olderState.snapshots()) {
            TreeRoot kept = TreeRoot.empty(snapshot.root().tree(), 1);
            for (Snapshot other : newerState.snapshots()) {
                kept = other.identity().equals(snapshot.identity()) ? other.root() : kept;
            }
            all.add(whole(snapshot.root(), kept));
        }
        for (Drain drain : olderState.deaths().drains()) {
            TreeRoot none = TreeRoot.empty(drain.root().tree(), 1);
            all.add(new Versions(drain.root(), none, NO_LUN, drain.cursor(), true));
        }
        all.add(whole(older.state(), newer.state()));
        all.add(whole(older.dead(), newer.dead()));
        all.add(whole(older.space(), newer.space()));
        all.add(whole(olderState.deaths().file(), newerState.deaths().file()));
        return all;
    }

    /// The LUNs of both images, snapshots left out.
    List<Versions> luns() {
        List<Versions> all = new ArrayList<>();
        for (LunState lun : newerState.luns()) {
            all.add(lun(rootOf(olderState, lun), lun.root(), lun));
        }
        for (LunState lun : olderState.luns()) {
            boolean gone =
                    newerState.luns().stream()
                            .noneMatch(other -> other.record().number() == lun.record().number());
            if (gone) {
                all.add(lun(lun.root(), TreeRoot.empty(lun.root().tree(), 1), lun));
            }
        }
        return all;
    }

    private static Versions lun(TreeRoot before, TreeRoot after, LunState lun) {
        return new Versions(before, after, lun.record().number(), 0, false);
    }

    private static Versions whole(TreeRoot before, TreeRoot after) {
        return new Versions(before, after, NO_LUN, 0, false);
    }

    private static TreeRoot rootOf(StateFile state, LunState lun) {
        for (LunState other : state.luns()) {
            if (other.record().number() == lun.record().number()) {
                return other.root();
            }
        }
        return TreeRoot.empty(lun.root().tree(), 1);
    }
}
