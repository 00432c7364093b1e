package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.sim.SimNetwork;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// One seed's life of a pair under load: links break and clog, nodes are killed or lose power,
/// alone or both at once, mirrors take over, killed nodes come back. Checked: invariant 1 and 2 on
/// every read and on all sectors after every recovery, 3 and 4 on every image of either side as the
/// disks hold it, 5 at every event.
final class PairSimulation {
    static final int LUN_BLOCKS = 160;
    private static final long SECOND = 1_000_000_000L;

    final Simulation simulation;
    final SplittableRandom random;
    final SimNetwork network;
    final SimNode a;
    final SimNode b;
    final SectorHistory history = new SectorHistory(LUN_BLOCKS * Blocks.SECTORS);
    private final ImageHistory images = new ImageHistory(this);
    private final StateHistory states = new StateHistory(this);
    private int outstanding;
    private long generation;
    Runnable afterSetUp = () -> {};
    long imagesChecked;
    long takeovers;
    long detaches;
    long crashes;

    PairSimulation(long seed) {
        simulation = new Simulation(seed);
        random = new SplittableRandom(seed * 31 + 7);
        network = new SimNetwork(simulation);
        int slotsA = 3 + random.nextInt(3);
        int slotsB = 3 + (slotsA - 2 + random.nextInt(2)) % 3;
        a = new SimNode(simulation, network, "a", 1, slotsA, 3L << 20, images::seen);
        long sizeB = slotsB < slotsA ? 5L << 20 : 4L << 20;
        b = new SimNode(simulation, network, "b", 2, slotsB, sizeB, images::seen);
        a.peer = b;
        b.peer = a;
        simulation.afterEveryEvent(this::afterEvent);
    }

    void run(int rounds) {
        PairSetUp.run(this);
        afterSetUp.run();
        for (int round = 0; round < rounds; round++) {
            workFor(20_000_000L + random.nextLong(80_000_000L));
            switch (random.nextInt(6)) {
                case 0 -> network.breakConnections("a", "b");
                case 1 -> clog();
                case 2 -> crashMirror();
                case 3 -> crashSourceAndRestart();
                case 4 -> crashSourceAndTakeOver();
                default -> crashBoth();
            }
            workFor(random.nextLong(60_000_000L));
            recover();
        }
    }

    private SimNode source() {
        for (SimNode node : List.of(a, b)) {
            if (node.alive && node.replica != null && node.replica.active() != null) {
                return node;
            }
        }
        return null;
    }

    private void clog() {
        if (random.nextBoolean()) {
            network.cutBoth("a", "b");
        } else {
            network.cut("a", "b");
        }
        workFor(random.nextLong(500_000_000L));
        network.heal();
    }

    private void crash(SimNode node) {
        crashes++;
        node.crash(random.nextBoolean());
        if (node.peer.alive && source() != node.peer) {
            abandonOutstanding();
        }
    }

    private void crashMirror() {
        SimNode source = source();
        SimNode mirror = source.peer;
        crash(mirror);
        workFor(random.nextLong(300_000_000L));
        if (random.nextInt(3) == 0) {
            detach(source);
        }
        mirror.start();
    }

    /// The operator lets the source go on alone; later the mirror gets the difference.
    private void detach(SimNode source) {
        await(
                () -> source.replica.status().state() == RoleState.SUSPENDED,
                "the source notices that its mirror is away");
        boolean[] ended = new boolean[1];
        source.loop.call(() -> source.replica.detach(refusal -> ended[0] = refusal == null));
        await(() -> ended[0], "the detach ends");
        detaches++;
        workFor(random.nextLong(300_000_000L));
        if (random.nextInt(3) == 0) {
            crashes++;
            source.crash(random.nextBoolean());
            abandonOutstanding();
            source.start();
        }
    }

    private void crashSourceAndRestart() {
        SimNode source = source();
        crash(source);
        abandonOutstanding();
        simulation.runFor(random.nextLong(SECOND));
        source.start();
    }

    private void crashBoth() {
        SimNode first = random.nextBoolean() ? a : b;
        crash(first);
        simulation.runFor(random.nextLong(5_000_000L));
        crash(first.peer);
        abandonOutstanding();
        simulation.runFor(random.nextLong(SECOND));
        a.start();
        simulation.runFor(random.nextLong(SECOND / 2));
        b.start();
    }

    private void crashSourceAndTakeOver() {
        SimNode source = source();
        SimNode mirror = source.peer;
        crash(source);
        abandonOutstanding();
        await(() -> mirror.replica != null && mirror.link == null, "the mirror notices");
        boolean[] ended = new boolean[1];
        Refusal[] refused = new Refusal[1];
        mirror.loop.call(
                () ->
                        mirror.replica.takeover(
                                true,
                                false,
                                refusal -> {
                                    refused[0] = refusal;
                                    ended[0] = true;
                                }));
        await(() -> ended[0], "the takeover ends");
        if (refused[0] == null) {
            takeovers++;
            verifyAll();
            workFor(random.nextLong(200_000_000L));
        }
        source.start();
    }

    /// Everything heals: within a bound the pair is in sync again, and nothing acknowledged is
    /// lost.
    private void recover() {
        network.heal();
        for (SimNode node : List.of(a, b)) {
            if (!node.alive) {
                node.start();
            }
        }
        awaitInSync();
        verifyAll();
        SimNode source = source();
        for (SimNode node : List.of(source, source.peer)) {
            checkParity(node);
        }
        states.verifyMirror(source);
    }

    void awaitInSync() {
        await(
                () -> {
                    SimNode source = source();
                    return a.alive
                            && b.alive
                            && a.replica != null
                            && b.replica != null
                            && source != null
                            && source.replica.status().state() == RoleState.IN_SYNC
                            && source.peer.replica.copy().state().sync() == CopyState.Sync.IN_SYNC
                            && outstanding == 0;
                },
                "in sync within a bound: a=" + statusOf(a) + " b=" + statusOf(b));
    }

    private static String statusOf(SimNode node) {
        return node.replica == null ? "down" : node.replica.status().toString();
    }

    private void checkParity(SimNode node) {
        boolean[] quiet = new boolean[1];
        SimNode source = source();
        source.loop.call(() -> source.replica.active().checkpoint(() -> quiet[0] = true));
        await(() -> quiet[0], "a checkpoint ends");
        await(
                () -> a.replica.copy().root().cp().equals(b.replica.copy().root().cp()),
                "both have the same image");
        DirectSpace direct = node.direct();
        for (long dbn = 0; dbn < direct.stripes(); dbn++) {
            check(direct.parityIsRight(dbn), "parity of stripe " + dbn + " of " + node.name);
        }
    }

    // The load.

    void workFor(long nanos) {
        long until = simulation.nowNanos() + nanos;
        while (simulation.nowNanos() < until) {
            if (outstanding < 8) {
                oneCommand();
            }
            simulation.runFor(100_000 + random.nextLong(2_000_000));
        }
    }

    private void oneCommand() {
        SimNode node = source();
        ActiveVolume active = node == null ? null : node.replica.active();
        if (active == null || !active.isServing() || active.luns().isEmpty()) {
            return;
        }
        Lun lun = active.luns().getFirst();
        states.oneCommand(node, lun);
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
        boolean zeros = random.nextInt(6) == 0;
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

    private void read(SimNode node, Lun lun, int first, int count) {
        List<List<Long>> before = new ArrayList<>();
        for (int i = first; i < first + count; i++) {
            before.add(history.allowed(i));
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
                                        check(
                                                !(outcome instanceof Outcome.MediumError),
                                                "nothing is lost: " + outcome);
                                    }
                                }));
    }

    private void judge(int first, int count, byte[] bytes, List<List<Long>> before) {
        for (int i = 0; i < count; i++) {
            long seen = SectorHistory.numberOf(bytes, i * Blocks.SECTOR);
            check(
                    history.judge(first + i, seen, before.get(i)),
                    "sector %d reads %d, allowed %s"
                            .formatted(first + i, seen, history.allowed(first + i)));
        }
    }

    private void verifyAll() {
        SimNode node = source();
        await(() -> node.replica.active().isServing(), "serves before it is verified");
        states.verify(node);
        for (int first = 0; first < history.size(); first += 128) {
            int count = Math.min(128, history.size() - first);
            long before = history.checkedSectors;
            int start = first;
            await(
                    () -> {
                        if (history.checkedSectors - before >= count) {
                            return true;
                        }
                        if (outstanding == 0) {
                            read(node, node.replica.active().luns().getFirst(), start, count);
                        }
                        return false;
                    },
                    "all sectors are read");
        }
    }

    private void abandonOutstanding() {
        generation++;
        outstanding = 0;
    }

    // The checks.

    private void afterEvent() {
        a.lookAtImage();
        b.lookAtImage();
        boolean both = isServing(a) && isServing(b);
        check(
                !both || !a.replica.active().epoch().equals(b.replica.active().epoch()),
                "two nodes are active in one epoch (invariant 5)");
    }

    private static boolean isServing(SimNode node) {
        return node.alive
                && node.replica != null
                && node.replica.active() != null
                && node.replica.active().isServing();
    }

    void await(BooleanSupplier condition, String what) {
        check(simulation.runUntil(condition, 30 * SECOND), what);
    }

    void check(boolean condition, String what) {
        if (!condition) {
            String text = "seed %d at %d: %s%n a %s%s%n b %s%s";
            Object[] sides = {statusOf(a), a.events, statusOf(b), b.events};
            throw new AssertionError(
                    text.formatted(
                            simulation.seed(),
                            simulation.nowNanos(),
                            what,
                            sides[0],
                            sides[1],
                            sides[2],
                            sides[3]));
        }
    }

    /// Devices of both nodes, to be made to lie.
    List<SimDevice> devices() {
        List<SimDevice> all = new ArrayList<>(a.disks);
        all.add(a.log);
        all.addAll(b.disks);
        all.add(b.log);
        return all;
    }
}
