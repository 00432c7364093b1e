package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.CopyState;

import java.util.UUID;

/// How every simulated pair begins: a standalone volume with a LUN and some load, then the pair, in
/// sync for the first time.
final class PairSetUp {
    private PairSetUp() {}

    static void run(PairSimulation pair) {
        SimNode a = pair.a;
        SimNode b = pair.b;
        a.format(CopyState.standalone(), 0);
        long vbns = a.direct().size();
        pair.check(b.direct().size() >= vbns, "the destination has room");
        b.format(
                CopyState.standalone()
                        .withPeer(1, "a")
                        .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE),
                vbns);
        a.start();
        b.start();
        pair.await(() -> a.replica != null && a.replica.active() != null, "a serves");
        pair.await(() -> a.replica.active().isServing(), "a is active");
        long bytes = Blocks.toBytes(PairSimulation.LUN_BLOCKS + LockLoad.BLOCKS);
        makeLun(pair, new LunRecord(0, "l", new UUID(3, 4), bytes));
        makeLun(pair, SnapshotLoad.record());
        pair.workFor(50_000_000L);
        boolean[] paired = new boolean[1];
        a.loop.call(() -> a.replica.pairAsSource(2, "b", refusal -> paired[0] = refusal == null));
        pair.await(() -> paired[0], "the pair is made");
        if (a.link != null) {
            a.loop.call(() -> a.replica.linkUp(a.link));
        }
        pair.awaitInSync();
    }

    private static void makeLun(PairSimulation pair, LunRecord record) {
        SimNode a = pair.a;
        boolean[] made = new boolean[1];
        a.loop.call(() -> a.replica.active().putLun(record, outcome -> made[0] = outcome.isDone()));
        pair.await(() -> made[0], "the LUN is made");
    }
}
