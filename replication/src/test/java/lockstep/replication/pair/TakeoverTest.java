package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What a takeover does in the moment before the mirror knows what became of its source.
final class TakeoverTest {
    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    TakeoverTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    @Test
    void aSourceThatAnswersIsNotTakenOver() {
        for (boolean confirmed : new boolean[] {false, true}) {
            assertThat(mirror.takeOver(confirmed).what())
                    .isEqualTo("the source is alive and linked");
            assertThat(mirror.replica.status().state()).isEqualTo(RoleState.MIRRORING);
        }
        assertStillInSync();
    }

    @Test
    void s2AKilledSourceIsTakenOverBeforeItsEndIsHeardOf() {
        pair.crash(source, false);
        assertThat(mirror.link).isNotNull();
        assertThat(mirror.takeOver(true)).isNull();
        assertServes();
    }

    @Test
    void aSourceWithoutPowerIsTakenOverWhenItsSilenceIsLongEnough() {
        pair.crash(source, true);
        long began = pair.simulation.nowNanos();
        assertThat(mirror.takeOver(true)).isNull();
        assertThat(pair.simulation.nowNanos() - began).isGreaterThan(100_000_000L);
        assertServes();
    }

    @Test
    void n2ASourceBehindACutIsTakenOverAndComesBackAsMirror() {
        pair.network.cutBoth("a", "b");
        assertThat(mirror.takeOver(true)).isNull();
        pair.network.heal();
        pair.await(() -> source.replica.active() == null, "the old source steps down");
        assertServes();
        assertStillInSync();
    }

    @Test
    void aClogThatEndsInTimeIsNoEndOfTheSource() {
        pair.network.cutBoth("a", "b");
        List<Refusal> ended = takeOverLater();
        pair.simulation.runFor(100_000_000L);
        assertThat(ended).isEmpty();
        assertThat(mirror.replica.grantsLease()).isTrue();
        pair.network.heal();
        pair.await(() -> !ended.isEmpty(), "the source answers");
        assertThat(ended.getFirst().what()).isEqualTo("the source is alive and linked");
        assertStillInSync();
    }

    @Test
    void aDeadSourceStillTakesTheOperatorsWord() {
        pair.crash(source, false);
        assertThat(mirror.takeOver(false).whatToDo()).contains("--confirm-source-down");
        assertThat(mirror.takeOver(true)).isNull();
        assertServes();
    }

    /// The old link is lost only because a newer one takes its place.
    @Test
    void aSourceThatIsBackMeanwhileIsNotTakenOver() {
        pair.crash(source, true);
        List<Refusal> ended = takeOverLater();
        source.start();
        pair.await(() -> !ended.isEmpty(), "the source answers on its new link");
        assertThat(ended.getFirst().what()).isEqualTo("the source is alive and linked");
        assertStillInSync();
    }

    /// Row P4: a process that stood still, for a collection or a stop signal, longer than its lease
    /// holds, answers nothing that it had begun or was asked before, though it knows of no
    /// takeover.
    @Test
    void p4SourceThatStoodStillLongerThanItsLeaseAnswersNoRead() {
        Lun lun = source.replica.active().luns().getFirst();
        List<Outcome> ended = new ArrayList<>();
        source.loop.call(() -> lun.read(0, ByteBuffer.allocate(64 << 10), ended::add));
        int before = ended.size();
        source.loop.pause();
        source.loop.execute(() -> lun.read(0, ByteBuffer.allocate(4096), ended::add));
        assertThat(mirror.takeOver(true)).isNull();
        source.loop.resume();
        pair.await(() -> ended.size() == 2, "both reads end");
        for (Outcome outcome : ended.subList(before, 2)) {
            assertThat(outcome.isDone()).as("%s", outcome).isFalse();
        }
        pair.await(() -> source.replica.active() == null, "the old source steps down");
        assertServes();
    }

    @Test
    void twoTakeoversAtOnceAreOne() {
        pair.crash(source, false);
        List<Refusal> first = takeOverLater();
        assertThat(mirror.takeOver(true).what()).isEqualTo("the mirror is busy");
        pair.await(() -> !first.isEmpty(), "the first goes on");
        assertThat(first.getFirst()).isNull();
        assertServes();
    }

    private List<Refusal> takeOverLater() {
        List<Refusal> ended = new ArrayList<>();
        mirror.loop.call(() -> mirror.replica.takeover(true, false, ended::add));
        return ended;
    }

    private void assertServes() {
        assertThat(pair.source()).isSameAs(mirror);
        pair.verifyAll();
    }

    private void assertStillInSync() {
        pair.workFor(30_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
    }
}
