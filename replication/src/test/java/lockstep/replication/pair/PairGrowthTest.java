package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.replication.role.Growth;
import lockstep.replication.role.Refusal;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

/// A mirrored volume is never larger than either copy's disks, and becomes larger beside everything
/// else.
@NullUnmarked
final class PairGrowthTest {
    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    PairGrowthTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    private static long size(SimNode node) {
        return node.replica.copy().root().vbnCount();
    }

    // The source grows as far as its mirror has room.
    private Refusal growUntilRefused() {
        for (int i = 0; i < 4; i++) {
            if (pair.growth.grow(source) instanceof Refusal refusal) {
                return refusal;
            }
        }
        throw new AssertionError("the mirror's room has no end");
    }

    private void assertInSync() {
        pair.workFor(60_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
    }

    @Test
    void theMirrorGrowsFirst() {
        Refusal refusal = growUntilRefused();
        assertThat(refusal.what()).contains("the mirror's disks hold", "are needed");
        assertThat(refusal.whatToDo()).contains("grow the mirror's copy first");
        long before = size(source);
        assertThat(pair.growth.grow(mirror)).isInstanceOf(Growth.Result.Room.class);
        assertThat(size(mirror)).isEqualTo(before);
        pair.workFor(20_000_000L);
        assertThat(pair.growth.grow(source)).isInstanceOf(Growth.Result.Grown.class);
        assertThat(size(source)).isGreaterThan(before);
        assertInSync();
        assertThat(size(mirror)).isEqualTo(size(source));
    }

    @Test
    void nothingGrowsWhileTheMirrorIsAway() {
        pair.network.cutBoth("a", "b");
        pair.await(() -> source.link == null, "the source notices");
        Object ended = pair.growth.grow(source);
        assertThat(ended).isInstanceOf(Refusal.class);
        pair.network.heal();
        assertInSync();
    }

    @Test
    void aSourceThatStandsAloneKnowsNoMirrorsRoom() {
        pair.crash(mirror, true);
        pair.await(() -> source.link == null, "the source notices");
        boolean[] detached = new boolean[1];
        source.loop.call(() -> source.replica.detach(refusal -> detached[0] = refusal == null));
        pair.await(() -> detached[0], "it goes on alone");
        Refusal refusal = (Refusal) pair.growth.grow(source);
        assertThat(refusal.what()).contains("the mirror is away");
        mirror.start();
        assertInSync();
    }

    @Test
    void aTakeoverAfterwardsServesTheLargerVolume() {
        pair.growth.grow(mirror);
        pair.workFor(20_000_000L);
        assertThat(pair.growth.grow(source)).isInstanceOf(Growth.Result.Grown.class);
        assertInSync();
        long size = size(source);
        pair.crash(source, true);
        assertThat(mirror.takeOver(true)).isNull();
        pair.workFor(50_000_000L);
        assertThat(size(mirror)).isEqualTo(size);
        source.start();
        assertInSync();
        assertThat(size(source)).isEqualTo(size);
    }

    @Test
    void crashesInTheMiddleLeaveAPairThatComesTogetherAgain() {
        for (int moment = 0; moment < 8; moment++) {
            SimNode victim = moment % 2 == 0 ? source : mirror;
            SimNode grows = moment % 4 < 2 ? mirror : source;
            if (pair.source() != source) {
                break;
            }
            grows.loop.call(() -> pair.growth.begin(grows, new java.util.ArrayList<>()));
            pair.workFor(1_000_000L + moment * 700_000L);
            pair.crash(victim, moment % 3 == 0);
            if (victim == source) {
                pair.workFor(0);
            }
            pair.simulation.runFor(20_000_000L);
            victim.start();
            pair.awaitInSync();
        }
        pair.growth.grow(source);
        assertInSync();
    }
}
