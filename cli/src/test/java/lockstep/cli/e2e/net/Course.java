package lockstep.cli.e2e.net;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.e2e.SteadyHosts;

import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One cell from a pair in sync to the end of its fault.
final class Course {
    private static final int LONG_ENOUGH_MILLIS = 1300;
    private static final int SLOW = 256 << 10;
    private static final List<String> STAGES =
            List.of("switchover: DRAINING", "switchover: PROMISING", "switchover: HANDED_OVER");
    private static final Weather SLOW_LINK = new Weather(50, 10, 0, 0, 0, 0);

    private final Cell cell;
    private final ChildNode source;
    private final ChildNode mirror;
    private final List<Fault.Spot> spots;
    private final Lane.Rig rig;
    private final SteadyHosts hosts;
    private final Operator operator;
    private final SplittableRandom random;
    private long noticedMillis;
    private long healedNanos;

    Course(Cell cell, ChildNode source, List<Fault.Spot> spots, Lane.Rig rig) {
        this.cell = cell;
        this.source = source;
        this.mirror = rig.pair().other(source);
        this.spots = spots;
        this.rig = rig;
        this.hosts = rig.hosts();
        this.operator = rig.operator();
        this.random = rig.random();
    }

    /// How long after the fault both nodes knew that the link was lost; 0 if it was not looked for.
    long noticedMillis() {
        return noticedMillis;
    }

    /// When all was well again.
    long healedNanos() {
        return healedNanos;
    }

    /// Ends with the fault still there, or healed.
    void run() throws Exception {
        switch (cell.situation()) {
            case IDLE -> idle();
            case LOAD -> faultForAWhile();
            case CHECKPOINT -> checkpoint();
            case RESYNC -> resync();
            case TAKEOVER -> takeover();
            case FROZEN -> frozen();
            case RETURN -> comeBack();
            case SWITCHOVER, HANDOVER -> switchover();
        }
    }

    /// The fault is over, if it is not yet.
    void heal() throws Exception {
        Fault.heal(spots);
        healedNanos = healedNanos == 0 ? System.nanoTime() : healedNanos;
    }

    private void begin() throws Exception {
        for (Fault.Spot spot : spots) {
            cell.fault().begin(spot);
        }
    }

    private boolean linkIsSilent() {
        return cell.fault().silences() && cell.where().touchesLink();
    }

    private void faultForAWhile() throws Exception {
        long began = System.nanoTime();
        begin();
        if (linkIsSilent() && cell.fault() != Fault.CRAWL) {
            Operator.await("link lost", () -> !Operator.isLinked(source));
            Operator.await("link lost", () -> !Operator.isLinked(mirror));
            noticedMillis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began);
            TimeUnit.MILLISECONDS.sleep(random.nextInt(600));
        } else {
            TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS + random.nextInt(400));
        }
    }

    private void idle() throws Exception {
        hosts.pause(true);
        TimeUnit.MILLISECONDS.sleep(100);
        faultForAWhile();
    }

    private void checkpoint() throws Exception {
        rig.network().between().roughen(SLOW_LINK, random.nextLong());
        CompletableFuture<String> taken =
                operator.snapshot(source, "s" + random.nextInt(Integer.MAX_VALUE));
        TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        rig.network().between().heal();
        faultForAWhile();
        heal();
        Operator.answer(taken);
    }

    // The mirror is left behind by the operator's word, and must not take over then.
    private void resync() throws Exception {
        rig.network().between().down(rig.number(source));
        Operator.await("suspended", () -> Operator.state(source).equals("suspended"));
        operator.detach(source);
        hosts.awaitWrites(200);
        operator.resyncRate(source, SLOW);
        rig.network().between().heal();
        Operator.await("resync begins", () -> !Operator.state(source).equals("alone"));
        TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        faultForAWhile();
        if (Operator.sync(mirror).equals("out-of-sync")) {
            operator.isRefusedTakeover(mirror);
        }
        operator.resyncRate(source, 0);
    }

    private void takeover() throws Exception {
        if (linkIsSilent()) {
            begin();
            operator.takeOver(mirror);
            if (cell.where() != Where.ONLY_SOURCE) {
                hosts.awaitWrites(50);
            }
            TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS / 2);
        } else {
            source.kill();
            begin();
            operator.takeOver(mirror);
            hosts.awaitWrites(50);
            source.start();
            TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS / 2);
        }
    }

    // The commands that wait for the source when it goes on were sent after the mirror had taken
    // writes: whatever it answers at once, before it has looked at its clock, would be stale.
    private void frozen() throws Exception {
        hosts.pause(true);
        TimeUnit.MILLISECONDS.sleep(200);
        signal(source, "STOP");
        try {
            begin();
            operator.takeOver(mirror);
            hosts.pause(mirror, false);
            hosts.awaitWrites(200);
            hosts.pause(source, false);
            TimeUnit.MILLISECONDS.sleep(50);
        } finally {
            signal(source, "CONT");
        }
        TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS / 2);
    }

    private void comeBack() throws Exception {
        source.kill();
        operator.takeOver(mirror);
        hosts.awaitWrites(50);
        source.start();
        TimeUnit.MILLISECONDS.sleep(random.nextInt(300));
        begin();
        TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS);
    }

    private void switchover() throws Exception {
        boolean late = cell.situation() == Situation.HANDOVER;
        String stage = STAGES.get(random.nextInt(STAGES.size()));
        if (late) {
            rig.network().between().roughen(SLOW_LINK, random.nextLong());
        }
        String before = Operator.told(source, stage);
        CompletableFuture<String> moved = operator.switchOver(source);
        if (late) {
            Operator.await(
                    stage, () -> moved.isDone() || !Operator.told(source, stage).equals(before));
            rig.network().between().heal();
        } else {
            TimeUnit.MILLISECONDS.sleep(random.nextInt(40));
        }
        begin();
        if (!cell.where().touchesLink()) {
            // Hosts have another way, to the node that the volume is on, or moves to.
            Operator.answer(moved);
            hosts.awaitWrites(cell.where() == Where.HOSTS_TO_SOURCE ? 50 : 0);
        }
        TimeUnit.MILLISECONDS.sleep(LONG_ENOUGH_MILLIS / 2);
        heal();
        System.out.println(cell + (late ? ", " + stage : "") + ": " + Operator.answer(moved));
    }

    private static void signal(ChildNode node, String name) throws Exception {
        Shell.run("kill -" + name + " " + node.pid());
    }
}
