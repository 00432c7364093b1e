package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.Simulation;
import lockstep.blockstore.volume.CopyState;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.sim.SimNetwork;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.BooleanSupplier;

/// One seed's life of a pair under load: links break and clog, nodes are killed or lose power,
/// alone or both at once, mirrors take over (also from a source that lives), volumes move as
/// planned, killed nodes come back. What is checked, by invariant:
///
/// | invariant | where | when |
/// |---|---|---|
/// | 1, 2 | [SectorHistory], [LockLoad], [SnapshotLoad] | every answer; all sectors when healed |
/// | 3 | [ImageHistory], [DirectSpace] | images by their turn; parity when healed |
/// | 4 | [ImageHistory], the nodes' own digests | images by their turn; each, by digest |
/// | 5 | here, [PolicyRounds] | every event |
/// | 6 | [ResyncLoad] | takeovers in the middle of a resync |
/// | 7 | [ImageHistory] | every start: the image and what it pins; images by their turn |
/// | 8 | [SectorHistory] | replays that were crashed into are replayed again |
/// | 9 | [ImageHistory] (used and free of each image) | as invariant 3 |
/// | 10 | here | whatever throws ends the seed |
///
/// To walk an image costs as much as to make it, so one consistency point of three is walked; which
/// ones depends on the seed, and `-Dpair.images-one-in=1` walks all. A difference that lasts is in
/// the next one too, and digests of all are compared by the product. Parity is read of all stripes
/// when a round has healed, not after every consistency point: a stripe stays wrong.
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
    private final PairLoad load = new PairLoad(this);
    final LockLoad locks = new LockLoad(this);
    final StateHistory states = new StateHistory(this);
    final SnapshotLoad snapshots = new SnapshotLoad(this);
    final ResyncLoad resync = new ResyncLoad(this);
    final MoveRounds moves = new MoveRounds(this);
    final PolicyRounds policies = new PolicyRounds(this);
    final PairGrowth growth = new PairGrowth(this);
    final StaleRounds stale = new StaleRounds(this);
    Runnable afterSetUp = () -> {};

    /// Whether every image is looked at; not when somebody damages one.
    boolean checksImages = true;

    long imagesChecked;
    long takeovers;
    long detaches;
    long crashes;

    /// Whether disks join both copies while they work.
    boolean grows;

    PairSimulation(long seed) {
        simulation = new Simulation(seed);
        random = new SplittableRandom(seed * 31 + 7);
        network = new SimNetwork(simulation);
        int slotsA = 3 + random.nextInt(3);
        int slotsB = 3 + (slotsA - 2 + random.nextInt(2)) % 3;
        a = new SimNode(simulation, network, "a", 1, slotsA, 4L << 20, this::imageSeen);
        long sizeB = slotsB < slotsA ? 7L << 20 : 5L << 20;
        b = new SimNode(simulation, network, "b", 2, slotsB, sizeB, this::imageSeen);
        a.peer = b;
        b.peer = a;
        simulation.afterEveryEvent(this::afterEvent);
    }

    void run(int rounds) {
        PairSetUp.run(this);
        afterSetUp.run();
        for (int round = 0; round < rounds; round++) {
            slowLogs();
            if (grows) {
                growth.begin();
            }
            workFor(20_000_000L + random.nextLong(80_000_000L));
            switch (random.nextInt(11)) {
                case 0 -> network.breakConnections("a", "b");
                case 1 -> clog();
                case 2 -> crashMirror();
                case 3 -> crashSourceAndRestart();
                case 4 -> crashSourceAndTakeOver();
                case 5, 6 -> moves.round();
                case 7 -> policies.round();
                case 8 -> resync.interrupted();
                case 9 -> stale.round();
                default -> crashBoth();
            }
            workFor(random.nextLong(60_000_000L));
            recover();
            checkNoAlarm();
        }
    }

    /// Now and then a log is slow, so that what is under way in it is much.
    private void slowLogs() {
        for (SimNode node : List.of(a, b)) {
            boolean slow = random.nextInt(3) == 0;
            node.log.faults().slowDown(slow ? random.nextLong(4_000_000L) : 0);
        }
    }

    /// No memory, link or disk has spoilt anything: no consistency point differs (invariant 4).
    private void checkNoAlarm() {
        for (SimNode node : List.of(a, b)) {
            check(
                    node.events.stream()
                            .noneMatch(e -> e.startsWith("ALARM") || e.contains("is not taken")),
                    "nothing differs");
        }
    }

    /// The node that serves; if none does, one that is active.
    SimNode source() {
        if (isServing(a) || isServing(b)) {
            return isServing(a) ? a : b;
        }
        return isActive(a) ? a : isActive(b) ? b : null;
    }

    static boolean isActive(SimNode node) {
        return node.alive && node.replica != null && node.replica.active() != null;
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
        crash(node, random.nextBoolean());
    }

    void crash(SimNode node, boolean powerCut) {
        crashes++;
        node.crash(powerCut);
        if (node.peer.alive && source() != node.peer) {
            load.abandonOutstanding();
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

    /// The operator lets the source go on alone.
    void goAlone(SimNode source) {
        await(
                () -> source.replica.status().state() == RoleState.SUSPENDED,
                "the source notices that its mirror is away");
        boolean[] ended = new boolean[1];
        source.loop.call(() -> source.replica.detach(refusal -> ended[0] = refusal == null));
        await(() -> ended[0], "the detach ends");
        detaches++;
    }

    /// So it does; later the mirror gets the difference.
    private void detach(SimNode source) {
        goAlone(source);
        workFor(random.nextLong(300_000_000L));
        if (random.nextInt(3) == 0) {
            crashes++;
            source.crash(random.nextBoolean());
            load.abandonOutstanding();
            source.start();
        }
    }

    private void crashSourceAndRestart() {
        SimNode source = source();
        crash(source);
        load.abandonOutstanding();
        simulation.runFor(random.nextLong(SECOND));
        source.start();
    }

    private void crashBoth() {
        SimNode first = random.nextBoolean() ? a : b;
        crash(first);
        simulation.runFor(random.nextLong(5_000_000L));
        crash(first.peer);
        load.abandonOutstanding();
        simulation.runFor(random.nextLong(SECOND));
        a.start();
        simulation.runFor(random.nextLong(SECOND / 2));
        b.start();
    }

    private void crashSourceAndTakeOver() {
        SimNode source = source();
        SimNode mirror = source.peer;
        if (random.nextBoolean()) {
            // What the mirror stores from here on, the source never hears of.
            network.cut(mirror.name, source.name);
            locks.wayBackClosed(true);
            workFor(random.nextLong(60_000_000L));
            locks.wayBackClosed(false);
        }
        crash(source);
        network.heal();
        load.abandonOutstanding();
        boolean atOnce = random.nextBoolean();
        await(
                () -> mirror.replica != null && (atOnce || mirror.link == null),
                "the mirror is there, and may have noticed");
        Refusal refusal = mirror.takeOver(true);
        if (refusal == null) {
            takeovers++;
            verifyAll();
            workFor(random.nextLong(200_000_000L));
        } else {
            check(!refusal.what().contains("alive"), "a dead source is not alive: " + refusal);
        }
        source.start();
    }

    /// Everything heals: within a bound the pair is in sync again, and nothing acknowledged is
    /// lost.
    void recover() {
        resync.unlimited();
        network.heal();
        for (SimNode node : List.of(a, b)) {
            if (!node.alive) {
                node.start();
            }
        }
        awaitInSync();
        resync.count();
        verifyAll();
        locks.settle();
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
                            && load.outstanding() == 0;
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
            if (!direct.parityIsRight(dbn)) {
                check(false, "parity of stripe " + dbn + " of " + node.name);
            }
        }
    }

    int outstanding() {
        return load.outstanding();
    }

    void abandonOutstanding() {
        load.abandonOutstanding();
    }

    void workFor(long nanos) {
        load.workFor(nanos);
    }

    /// A host asks this node, whatever it is.
    void readAnything(SimNode node) {
        load.readAnything(node);
    }

    void verifyAll() {
        SimNode node = source();
        await(() -> node.replica.active().isServing(), "serves before it is verified");
        states.verify(node);
        snapshots.verify(node);
        for (int first = 0; first < history.size(); first += 128) {
            int count = Math.min(128, history.size() - first);
            long before = history.checkedSectors;
            int start = first;
            await(
                    () -> {
                        if (history.checkedSectors - before >= count) {
                            return true;
                        }
                        if (load.outstanding() == 0) {
                            load.read(node, node.replica.active().luns().getFirst(), start, count);
                        }
                        return false;
                    },
                    "all sectors are read");
        }
    }

    private void imageSeen(SimNode node, VolumeRoot root) {
        if (checksImages) {
            images.seen(node, root, node.lastRoot == null);
        }
    }

    // The checks.

    private void afterEvent() {
        a.lookAtImage();
        b.lookAtImage();
        policies.afterEvent(a);
        policies.afterEvent(b);
        boolean both = isServing(a) && isServing(b);
        growth.check();
        check(
                !both || !a.replica.active().epoch().equals(b.replica.active().epoch()),
                "two nodes are active in one epoch (invariant 5)");
    }

    private static boolean isServing(SimNode node) {
        return isActive(node) && node.replica.active().isServing();
    }

    void await(BooleanSupplier condition, String what) {
        check(simulation.runUntil(condition, 30 * SECOND), what);
    }

    void check(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(
                    "seed %d at %d: %s%n a %s%s%n b %s%s"
                            .formatted(
                                    simulation.seed(),
                                    simulation.nowNanos(),
                                    what,
                                    statusOf(a),
                                    a.events,
                                    statusOf(b),
                                    b.events));
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
