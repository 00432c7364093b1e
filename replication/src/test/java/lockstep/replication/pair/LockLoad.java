package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Legs;
import lockstep.blockstore.volume.Lun;

import java.nio.ByteBuffer;

/// Hosts that take and give up locks by COMPARE AND WRITE, each on a sector of its own behind those
/// of [SectorHistory]. A command that got no GOOD is repeated as it was, until it ends. Nobody else
/// writes the sector, so:
///
/// - a first attempt, which compares with what was last acknowledged, never miscompares;
/// - a repeat finds the old bytes and succeeds, or it miscompares because the first attempt took
///   effect, and then the sector holds what that wrote;
/// - a repeat never miscompares when the first attempt began while nothing could come back from the
///   mirror: its source cannot have come so far that GOOD could leave.
final class LockLoad {
    static final int BLOCKS = 1;

    private static final class Lock {
        long held;
        long wanted;
        boolean busy;
        boolean open;
        boolean mustSucceed;
    }

    private final PairSimulation pair;
    private final Lock[] locks = new Lock[BLOCKS * Blocks.SECTORS];
    private long numbers;
    private long generation;
    private boolean closed;
    long taken;
    long repeated;
    long repeatedInVain;

    LockLoad(PairSimulation pair) {
        this.pair = pair;
        for (int i = 0; i < locks.length; i++) {
            locks[i] = new Lock();
        }
    }

    /// Whether anything that the mirror says reaches its source from now on.
    void wayBackClosed(boolean now) {
        closed = now;
    }

    /// Their node is gone: whether they had effect is not known.
    void abandonOutstanding() {
        generation++;
        for (Lock lock : locks) {
            lock.busy = false;
        }
    }

    /// One attempt, or one repeat, on a sector on which none is under way.
    void compareAndWrite(SimNode node, Lun lun) {
        int index = pair.random.nextInt(locks.length);
        if (!locks[index].busy) {
            compareAndWrite(node, lun, index);
        }
    }

    private void compareAndWrite(SimNode node, Lun lun, int index) {
        Lock lock = locks[index];
        ActiveVolume active = node.replica.active();
        boolean repeat = lock.open;
        if (!repeat) {
            lock.open = true;
            lock.wanted = ++numbers * 2;
            lock.mustSucceed = closed && active.legs() == Legs.BOTH;
        }
        boolean mustSucceed = lock.mustSucceed;
        // A repeat that gets no answer either may take effect too.
        lock.mustSucceed &= !repeat || (closed && active.legs() == Legs.BOTH);
        lock.busy = true;
        ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SECTOR);
        both.put(SectorHistory.content(lock.held, 1)).put(SectorHistory.content(lock.wanted, 1));
        long mine = generation;
        node.loop.call(
                () ->
                        lun.compareAndWrite(
                                Blocks.toBytes(PairSimulation.LUN_BLOCKS)
                                        + (long) index * Blocks.SECTOR,
                                IoBuffer.unpooled(both.flip()),
                                outcome -> {
                                    if (mine == generation && node.alive) {
                                        ended(index, repeat, mustSucceed, outcome);
                                    }
                                }));
    }

    private void ended(int index, boolean repeat, boolean mustSucceed, Outcome outcome) {
        Lock lock = locks[index];
        lock.busy = false;
        switch (outcome) {
            case Outcome.Done _ -> {
                lock.held = lock.wanted;
                lock.open = false;
                taken++;
                repeated += repeat ? 1 : 0;
            }
            case Outcome.Miscompare _ -> {
                pair.check(
                        repeat && !mustSucceed,
                        "lock %d miscompares: %d to %d, repeat %b"
                                .formatted(index, lock.held, lock.wanted, repeat));
                // It must hold what the first attempt wrote; the next attempt shows that.
                lock.held = lock.wanted;
                lock.open = false;
                repeatedInVain++;
            }
            case Outcome.MediumError _,
                    Outcome.OutOfRange _,
                    Outcome.NoSpace _,
                    Outcome.Refused _,
                    Outcome.WriteProtected _ ->
                    pair.check(false, "a lock ends in " + outcome);
            case Outcome.NotServing _, Outcome.Busy _, Outcome.Aborted _ -> {}
        }
    }

    /// Every lock is taken once more, whatever became of it: all that was acknowledged is there.
    void settle() {
        for (int index = 0; index < locks.length; index++) {
            Lock lock = locks[index];
            int mine = index;
            long before = numbers;
            pair.await(
                    () -> {
                        boolean settled = !lock.busy && !lock.open && lock.held > before * 2;
                        SimNode node = pair.source();
                        if (!settled && !lock.busy && node != null) {
                            compareAndWrite(node, node.replica.active().luns().getFirst(), mine);
                        }
                        return settled;
                    },
                    "lock " + index + " is settled");
        }
    }
}
