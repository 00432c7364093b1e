package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

/// A mirror that differs for real, and the way out of it: alarm, no takeover, a full copy on the
/// operator's word, and a pair like any other.
@NullUnmarked
final class FullResyncTest {
    private final PairSimulation pair = new PairSimulation(5);
    private final PairCopies both = new PairCopies(pair);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    FullResyncTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    private Refusal resyncAll(SimNode at) {
        List<Refusal> ended = new ArrayList<>();
        at.loop.call(() -> at.replica.resyncAll(ended::add));
        pair.await(() -> !ended.isEmpty(), "the order ends");
        return ended.getFirst();
    }

    private Sync sync() {
        return mirror.replica.copy().state().sync();
    }

    /// Block `vbn` of the mirror is another one, and both know.
    private long makeDiffer() {
        pair.await(() -> pair.outstanding() == 0, "nothing changes any more");
        long vbn = both.blockOfALun();
        pair.checksImages = false;
        both.overwrite(vbn);
        assertThat(both.verify(false).differing()).containsExactly(vbn);
        assertThat(source.events)
                .anyMatch(e -> e.startsWith("ALARM: verify: block [" + vbn + "] of "));
        pair.await(() -> sync() == Sync.OUT_OF_SYNC, "the mirror records it");
        return vbn;
    }

    @Test
    void aDifferenceIsResolvedByAFullCopy() {
        makeDiffer();
        // Nothing of this passes by itself.
        pair.workFor(100_000_000L);
        assertThat(mirror.takeOver(true).what()).contains("out of sync");
        assertThat(both.switchOver().what()).contains("found to differ");
        assertThat(both.switchOver().whatToDo()).contains("pair resync VOLUME --full");
        assertThat(source.replica.status().equalAt()).isEqualTo(CpId.NONE);
        // Slow disks cost a link now and then.
        pair.await(() -> source.link != null, "the link is there");
        assertThat(resyncAll(source)).isNull();
        pair.await(() -> sync() == Sync.NO_IMAGE, "the full copy has begun");
        assertThat(resyncAll(source).what()).contains("copied already");
        pair.workFor(20_000_000L);
        pair.awaitInSync();
        pair.checksImages = true;
        assertThat(both.verify(true).differing()).isEmpty();
        assertThat(source.replica.status().differences()).isZero();
        assertThat(source.replica.copy().state().mirrorDiffers()).isFalse();
        pair.verifyAll();
        pair.crash(source, true);
        pair.abandonOutstanding();
        assertThat(mirror.takeOver(true)).isNull();
        pair.verifyAll();
        pair.recover();
    }

    @Test
    void aMirrorInTheMiddleOfItIsNotTakenOverAndTheCopyIsMadeAfterACrash() {
        makeDiffer();
        source.replica.resyncPace().bytesPerSecond(200_000);
        assertThat(resyncAll(source)).isNull();
        pair.await(() -> sync() == Sync.NO_IMAGE, "the full copy has begun");
        pair.simulation.runFor(50_000_000L);
        pair.crash(source, true);
        assertThat(mirror.takeOver(true, true).what()).contains("no complete image");
        source.start();
        pair.awaitInSync();
        assertThat(both.verify(false).differing()).isEmpty();
        assertThat(source.replica.copy().state().mirrorDiffers()).isFalse();
    }

    /// An operator may want it of a pair in which nothing was found; hosts do not notice.
    @Test
    void aPairInSyncIsCopiedUnderLoad() {
        assertThat(resyncAll(source)).isNull();
        pair.workFor(50_000_000L);
        pair.awaitInSync();
        assertThat(source.events).contains("resync: there is no common image, sending everything");
        pair.recover();
    }

    @Test
    void whereItMakesNoSenseItIsRefused() {
        assertThat(resyncAll(mirror).what()).contains("not the source");
        pair.network.cutBoth("a", "b");
        pair.await(() -> source.link == null, "the link is lost");
        assertThat(resyncAll(source).what()).contains("no link");
        assertThat(source.replica.copy().state().mirrorDiffers()).isFalse();
        pair.network.heal();
        pair.awaitInSync();
        assertThat(source.replica.status().state()).isEqualTo(RoleState.IN_SYNC);
        List<Refusal> ended = new ArrayList<>();
        source.loop.call(() -> source.replica.unpair(ended::add));
        pair.await(() -> !ended.isEmpty(), "the pair is deleted");
        assertThat(resyncAll(source).what()).contains("in no pair");
    }
}
