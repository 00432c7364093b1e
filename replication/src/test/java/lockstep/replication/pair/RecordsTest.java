package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.ActiveVolume.Service;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.wire.VolumeMessage;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.util.ArrayList;
import java.util.List;

/// What is recorded of a copy while something else is being recorded of it: neither takes back what
/// the other does. An operator activates a source that is joining while the mirror comes back; a
/// mirror is detached in the moment in which it is in sync.
@DisplayName("Two records at once")
final class RecordsTest {
    private static final long MILLI = 1_000_000L;

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    RecordsTest() {
        PairSetUp.run(pair);
        pair.workFor(30 * MILLI);
    }

    private static void slow(SimNode node, long millis) {
        node.disks.forEach(disk -> disk.faults().slowDown(millis * MILLI));
    }

    /// The link is there again `linked` ms before the operator says activate (after, if negative).
    /// A record takes the source, or the mirror, about twice that many ms.
    @ParameterizedTest(name = "link {0}, source {1}, mirror {2}")
    @CsvSource({"-1, 3000, 0", "1, 100, 100", "1, 0, 200", "1, 400, 200", "250, 100, 200"})
    void whatIsAcknowledgedAloneIsSentLater(long linked, long sourceMillis, long mirrorMillis) {
        pair.crash(source, false);
        pair.abandonOutstanding();
        pair.network.cutBoth("a", "b");
        source.start();
        pair.await(() -> source.replica != null && source.replica.active() != null, "it is open");
        assertThat(source.replica.status().state()).isEqualTo(RoleState.JOINING);
        pair.simulation.runFor(3000 * MILLI);
        slow(source, sourceMillis);
        slow(mirror, mirrorMillis);
        List<Refusal> ended = new ArrayList<>();
        if (linked < 0) {
            activate(ended);
            pair.simulation.runFor(-linked * MILLI);
            pair.network.heal();
        } else {
            pair.network.heal();
            pair.await(() -> source.link != null && mirror.link != null, "the link is up");
            pair.simulation.runFor(linked * MILLI);
            activate(ended);
        }
        pair.await(() -> !ended.isEmpty(), "it is activated, or was already");
        boolean alone = ended.getFirst() == null;
        if (alone) {
            assertThat(source.replica.copy().state().sync()).isEqualTo(Sync.OUT_OF_SYNC);
        }
        for (int i = 0; i < 8; i++) {
            pair.workFor(50 * MILLI);
        }
        slow(source, 0);
        slow(mirror, 0);
        pair.awaitInSync();
        assertThat(source.events).filteredOn(e -> e.contains("link lost")).isEmpty();
        pair.workFor(30 * MILLI);
        pair.crash(source, true);
        pair.abandonOutstanding();
        assertThat(mirror.takeOver(true)).isNull();
        pair.verifyAll();
    }

    private void activate(List<Refusal> ended) {
        source.loop.call(() -> source.replica.activate(ended::add));
    }

    @Test
    void aMirrorThatIsDetachedAsItIsInSyncIsOutOfSync() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(source);
        pair.workFor(30 * MILLI);
        mirror.tamper =
                message -> {
                    if (message instanceof VolumeMessage.InSync m) {
                        var detached = new VolumeMessage.Detached(m.epoch());
                        mirror.loop.execute(() -> mirror.replica.received(detached));
                    }
                    return message;
                };
        pair.network.heal();
        pair.await(() -> source.replica.status().state() == RoleState.IN_SYNC, "it was in sync");
        pair.simulation.runFor(100 * MILLI);
        assertThat(mirror.replica.copy().state().sync()).isEqualTo(Sync.OUT_OF_SYNC);
    }

    @Test
    void eachChangesWhatTheOneBeforeHasLeft() {
        VolumeCopy copy = source.replica.copy();
        List<CopyState> seen = new ArrayList<>();
        source.loop.call(
                () -> {
                    copy.save(CopyState::differing, _ -> seen.add(copy.state()));
                    copy.save(state -> state.withPeer(2, "c"), _ -> seen.add(copy.state()));
                });
        pair.await(() -> seen.size() == 2, "both are durable");
        assertThat(seen).allMatch(CopyState::mirrorDiffers);
        assertThat(seen).extracting(CopyState::peerAddress).containsExactly("b", "c");
    }

    /// What decides about acknowledgements is recorded first. Who cannot record it serves nobody.
    @Test
    void aSourceThatCannotRecordServesNobody() {
        pair.network.cutBoth("a", "b");
        ActiveVolume volume = source.replica.active();
        pair.await(() -> volume.service() == Service.SUSPENDED, "the cut is noticed");
        source.disks.forEach(disk -> disk.faults().failAll("it is gone"));
        source.loop.call(() -> source.replica.detach(_ -> {}));
        pair.await(() -> source.replica.status().state() == RoleState.STOPPED, "it has failed");
        assertThat(volume.service()).isEqualTo(Service.STOPPED);
        assertThat(volume.isServing()).isFalse();
    }
}
