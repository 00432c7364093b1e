package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/// Random reads, writes and unmaps of whatever node is active, and now and then a lock. What was
/// under way when its node crashed is nobody's any more.
final class PairLoad {
    private final PairSimulation pair;
    private int outstanding;
    private long generation;

    PairLoad(PairSimulation pair) {
        this.pair = pair;
    }

    int outstanding() {
        return outstanding;
    }

    void workFor(long nanos) {
        SplittableRandom random = pair.random;
        long until = pair.simulation.nowNanos() + nanos;
        while (pair.simulation.nowNanos() < until) {
            SimNode node = pair.source();
            ActiveVolume active = node == null ? null : node.replica.active();
            if (active != null && !active.isServing()) {
                askInVain(node);
            } else if (active != null && !active.luns().isEmpty()) {
                Lun lun = active.luns().getFirst();
                if (random.nextInt(4) == 0) {
                    pair.locks.compareAndWrite(node, lun);
                }
                if (random.nextInt(4) == 0) {
                    pair.snapshots.oneCommand(node);
                }
                if (outstanding < 8) {
                    oneCommand(node, lun);
                }
                askInVain(node.peer);
            }
            pair.simulation.runFor(100_000 + random.nextLong(2_000_000));
        }
    }

    /// Hosts try also where nothing is served: a node that is joining, or held up, or cut off.
    private void askInVain(SimNode node) {
        if (outstanding < 8
                && pair.random.nextInt(4) == 0
                && PairSimulation.isActive(node)
                && !node.replica.active().luns().isEmpty()) {
            oneCommand(node, node.replica.active().luns().getFirst());
        }
    }

    /// A host reads, wherever.
    void readAnything(SimNode node) {
        int count = 8;
        int first = pair.random.nextInt(pair.history.size() / count) * count;
        read(node, node.replica.active().luns().getFirst(), first, count);
    }

    private void oneCommand(SimNode node, Lun lun) {
        SplittableRandom random = pair.random;
        SectorHistory history = pair.history;
        pair.states.oneCommand(node, lun);
        int first = random.nextInt(history.size());
        int count = 1 + random.nextInt(Math.min(40, history.size() - first));
        if (random.nextInt(3) > 0) {
            first &= ~7;
            count = Math.min((count + 7) & ~7, history.size() - first);
        }
        if (random.nextInt(4) == 0) {
            read(node, lun, first, count);
        } else {
            write(node, lun, first, count);
        }
    }

    private void write(SimNode node, Lun lun, int first, int count) {
        SectorHistory history = pair.history;
        boolean zeros = pair.random.nextInt(6) == 0;
        long number = history.begin(first, count, zeros);
        long mine = generation;
        outstanding++;
        Outcome.Handler done =
                outcome -> {
                    if (mine == generation) {
                        outstanding--;
                    }
                    if (outcome.isDone() && node.alive) {
                        history.acknowledged(first, count, number);
                    } else if (outcome instanceof Outcome.Busy
                            || outcome instanceof Outcome.NotServing) {
                        history.refused(first, count, number);
                    }
                };
        long offset = (long) first * Blocks.SECTOR;
        byte[] data = SectorHistory.content(number, count);
        node.loop.call(
                () -> {
                    if (zeros) {
                        lun.unmap(offset, data.length, done);
                    } else {
                        lun.write(offset, IoBuffer.unpooled(ByteBuffer.wrap(data)), done);
                    }
                });
    }

    void read(SimNode node, Lun lun, int first, int count) {
        List<List<Long>> before = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            before.add(pair.history.allowed(i));
        }
        ByteBuffer into = ByteBuffer.allocate(count * Blocks.SECTOR);
        long mine = generation;
        outstanding++;
        node.loop.call(
                () ->
                        lun.read(
                                (long) first * Blocks.SECTOR,
                                into,
                                outcome -> {
                                    if (mine == generation) {
                                        outstanding--;
                                    }
                                    if (outcome.isDone() && node.alive) {
                                        judge(first, count, into.array(), before);
                                    } else {
                                        pair.check(
                                                !(outcome instanceof Outcome.MediumError),
                                                "nothing is lost: " + outcome);
                                    }
                                }));
    }

    private void judge(int first, int count, byte[] bytes, List<List<Long>> before) {
        for (int i = 0; i < count; i++) {
            long seen = SectorHistory.numberOf(bytes, i * Blocks.SECTOR);
            pair.check(
                    pair.history.judge(first + i, seen, before.get(i)),
                    "sector %d reads %d, allowed %s"
                            .formatted(first + i, seen, pair.history.allowed(first + i)));
        }
    }

    void abandonOutstanding() {
        generation++;
        outstanding = 0;
        pair.locks.abandonOutstanding();
        pair.snapshots.abandonOutstanding();
    }
}
