package lockstep.replication.pair;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.Pin;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCheck;

import java.util.TreeMap;

/// The images that either node has committed lately, as its disks hold them: each is checked alone
/// (invariant 3) and against the other node's image of the same consistency point (invariant 4).
/// One consistency point of so many as `-Dpair.images-one-in` says, others with other seeds.
final class ImageHistory {
    private static final int KEPT = 16;
    private static final int ONE_IN = Integer.getInteger("pair.images-one-in", 3);

    private final PairSimulation pair;
    private final TreeMap<CpId, TreeMap<Long, Integer>> images = new TreeMap<>();

    ImageHistory(PairSimulation pair) {
        this.pair = pair;
    }

    /// `opened`: the node has just started, and this is what a crash has left.
    void seen(SimNode node, VolumeRoot root, boolean opened) {
        if (root.cp().count() == 0
                || node.replica.copy().state().sync() == CopyState.Sync.NO_IMAGE) {
            return;
        }
        if (opened) {
            checkPinned(node, root);
        } else if ((root.cp().count() + pair.simulation.seed()) % ONE_IN != 0) {
            return;
        }
        pair.imagesChecked++;
        VolumeCheck.Report report = DirectCheck.run(node.direct(), root);
        pair.check(
                report.isClean(),
                "image " + root.cp() + " of " + node.name + ": " + report.errors());
        DirectCheck.look(node.direct(), root, pair.snapshots.images::seen);
        TreeMap<Long, Integer> other = images.putIfAbsent(root.cp(), report.blocks());
        pair.check(
                other == null || other.equals(report.blocks()),
                "image " + root.cp() + " differs between the nodes (invariant 4)");
        while (images.size() > KEPT) {
            images.pollFirstEntry();
        }
    }

    /// What a durable root pins can be gone back to.
    private void checkPinned(SimNode node, VolumeRoot root) {
        for (Pin pin : root.pins()) {
            VolumeRoot image = pin.image();
            // A mirror has no older image of its source than the one it holds.
            if (image != null && pin.cp().epoch().node() == node.identity.id()) {
                VolumeCheck.Report report = DirectCheck.run(node.direct(), image);
                pair.check(
                        report.isClean(),
                        "pinned image " + pin.cp() + " of " + node.name + ": " + report.errors());
            }
        }
    }
}
