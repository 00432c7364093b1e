package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.PairPolicy.Kind;
import lockstep.replication.role.RoleState;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

/// A mirror that can do nothing more while its node lives and its link is up.
@DisplayName("A mirror that has stopped")
final class LostMirrorTest {
    private static final long SECOND = 1_000_000_000L;

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    LostMirrorTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    private RoleState state(SimNode node) {
        return node.replica.status().state();
    }

    private void logFails() {
        mirror.log.faults().failAll("it is gone");
        pair.workFor(30_000_000L);
        assertThat(state(mirror)).isEqualTo(RoleState.STOPPED);
        assertThat(source.link).isNotNull();
    }

    private void servesOn() {
        long before = pair.history.acknowledgedSectors;
        pair.workFor(SECOND);
        assertThat(pair.history.acknowledgedSectors).isGreaterThan(before);
        pair.verifyAll();
        assertThat(state(source)).isEqualTo(RoleState.ALONE);
        assertThat(source.replica.copy().state().sync()).isEqualTo(Sync.OUT_OF_SYNC);
    }

    private void back() {
        assertThat(pair.outstanding()).isLessThan(8);
        mirror.crash(false);
        mirror.log.faults().heal();
    }

    private void inSyncAgain() {
        mirror.start();
        pair.workFor(30_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
    }

    @Test
    void strictWaitsForTheOperatorAndTheLogMayBeAnother() {
        logFails();
        assertThat(state(source)).isEqualTo(RoleState.SUSPENDED);
        assertThat(source.replica.status().reason()).contains("the mirror has stopped");
        pair.simulation.runFor(6 * SECOND);
        assertThat(source.replica.copy().state().sync()).isEqualTo(Sync.IN_SYNC);
        assertThat(pair.outstanding()).isZero();
        pair.goAlone(source);
        servesOn();
        back();
        boolean[] made = new boolean[1];
        mirror.loop = pair.simulation.newLoop("format");
        mirror.log.attach(mirror.loop);
        mirror.loop.call(
                () ->
                        NvLog.format(
                                mirror.log,
                                SimNode.SEGMENT,
                                pair.random::nextLong,
                                fault -> made[0] = fault == null));
        pair.await(() -> made[0], "there is another log");
        mirror.loop.stop();
        inSyncAgain();
    }

    @Test
    void availableGoesOnByItself() {
        pair.policies.set(new PairPolicy(Kind.AVAILABLE, 0, 0));
        pair.workFor(30_000_000L);
        logFails();
        pair.await(() -> state(source) == RoleState.ALONE, "it goes on");
        servesOn();
        back();
        inSyncAgain();
    }

    /// Nothing was acknowledged without it, so the log that is back has everything.
    @Test
    void theSameLogIsBackBeforeAnybodyWentOn() {
        logFails();
        back();
        inSyncAgain();
        assertThat(source.events).filteredOn(e -> e.contains("resync")).hasSize(1);
    }

    /// Whoever comes later, the link or the source, hears of it too.
    @Test
    void aSourceThatComesLaterIsTold() {
        logFails();
        pair.crash(source, false);
        pair.abandonOutstanding();
        source.start();
        source.events.clear();
        pair.await(() -> source.link != null, "the link is up");
        pair.simulation.runFor(SECOND);
        assertThat(source.events).anyMatch(e -> e.contains("the partner says"));
        assertThat(state(source)).isEqualTo(RoleState.JOINING);
        source.loop.call(() -> source.replica.activate(_ -> {}));
        pair.workFor(30_000_000L);
        servesOn();
        back();
        inSyncAgain();
    }

    /// A write of a consistency point fails on two disks of one group.
    @Test
    void disksFailAndNotTheLog() {
        mirror.disks.subList(0, 2).forEach(disk -> disk.faults().failAll("it is gone"));
        pair.await(() -> state(mirror) == RoleState.STOPPED, "the mirror stops");
        pair.await(() -> state(source) == RoleState.SUSPENDED, "the source knows");
        assertThat(source.link).isNotNull();
        pair.goAlone(source);
        servesOn();
    }
}
