package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.blockstore.volume.SnapshotLun;
import lockstep.blockstore.volume.TakeoverRehearsal;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.Rehearsal;
import lockstep.replication.role.RoleState;
import lockstep.replication.role.ShownSnapshots;
import lockstep.replication.role.TakeoverCost;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// A mirror that is read and whose takeover is rehearsed, while its source goes on.
final class MirrorUseSimTest {
    private static final int NUMBER = 7;
    private static final UUID GROUP = new UUID(70, 0);
    private static final int BYTES = 16 * Blocks.SIZE;

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    MirrorUseSimTest() {
        PairSetUp.run(pair);
        LunRecord record = new LunRecord(NUMBER, "k", new UUID(7, 7), BYTES);
        succeed(source, done -> source.replica.active().putLun(record, done));
        fill(source, 'a');
    }

    private Outcome outcome(SimNode node, Consumer<Outcome.Handler> operation) {
        Outcome[] ended = new Outcome[1];
        node.loop.call(() -> operation.accept(outcome -> ended[0] = outcome));
        pair.await(() -> ended[0] != null, "it ends");
        return ended[0];
    }

    private void succeed(SimNode node, Consumer<Outcome.Handler> operation) {
        assertThat(outcome(node, operation)).isEqualTo(Outcome.done());
    }

    private void fill(SimNode node, int value) {
        byte[] bytes = new byte[BYTES];
        java.util.Arrays.fill(bytes, (byte) value);
        IoBuffer data = IoBuffer.unpooled(ByteBuffer.wrap(bytes));
        succeed(node, done -> live(node).write(0, data, done));
        boolean[] durable = new boolean[1];
        node.loop.call(() -> node.replica.active().checkpoint(() -> durable[0] = true));
        pair.await(() -> durable[0], "the image is durable");
    }

    private static Lun live(SimNode node) {
        return node.replica.active().luns().stream()
                .filter(lun -> lun.record().number() == NUMBER)
                .findFirst()
                .orElseThrow();
    }

    private static ShownVolume shown(SimNode node) {
        ActiveVolume active = node.replica.active();
        return active == null ? node.replica.shown() : active;
    }

    private static @Nullable Snapshot kept(SimNode node) {
        List<Snapshot> all =
                switch (shown(node)) {
                    case ActiveVolume active -> active.snapshots().list();
                    case MirrorVolume volume -> volume.snapshots();
                    case null, default -> List.of();
                };
        return all.stream()
                .filter(s -> s.lun().number() == NUMBER && s.isCommitted())
                .findFirst()
                .orElse(null);
    }

    private List<Refusal> take() {
        List<Refusal> ended = new ArrayList<>();
        mirror.loop.call(
                () -> ShownSnapshots.of(mirror.replica).take(GROUP, "for-hosts", ended::add));
        return ended;
    }

    /// The mirror lets the source take a snapshot, and shows it.
    private SnapshotLun showTaken() {
        List<Refusal> ended = take();
        pair.await(() -> !ended.isEmpty(), "the source answers");
        assertThat(ended.getFirst()).isNull();
        pair.await(() -> kept(mirror) != null, "an image brings it");
        mirror.loop.call(
                () -> ShownSnapshots.of(mirror.replica).show(Set.of(kept(mirror).identity())));
        pair.simulation.runFor(10_000_000L);
        return new SnapshotLun(() -> shown(mirror), mirror.loop, kept(mirror), 2);
    }

    private void assertHolds(SimNode node, Lun lun, int value) {
        ByteBuffer into = ByteBuffer.allocate(BYTES);
        succeed(node, done -> lun.read(0, into, done));
        for (byte one : into.array()) {
            assertThat(one).isEqualTo((byte) value);
        }
    }

    private Outcome delete() {
        UUID identity = kept(source).identity();
        return outcome(
                source,
                done -> source.replica.active().snapshots().delete(List.of(identity), done));
    }

    @Test
    void theSourceTakesWhatItsMirrorAsksForAndKeepsWhatItShows() {
        SnapshotLun lun = showTaken();
        assertThat(kept(source).group()).isEqualTo(GROUP);
        fill(source, 'b');
        fill(source, 'c');
        assertHolds(mirror, lun, 'a');
        assertThat(delete()).isInstanceOf(Outcome.Refused.class);

        // It is told again on a new link, and on every change.
        pair.network.cutBoth("a", "b");
        pair.await(() -> mirror.link == null && source.link == null, "the link is over");
        assertThat(take().getFirst().what()).contains("not linked");
        pair.network.heal();
        pair.await(() -> source.replica.active().isServing(), "the link is back");
        pair.awaitInSync();
        pair.simulation.runFor(10_000_000L);
        assertThat(delete()).isInstanceOf(Outcome.Refused.class);
        assertHolds(mirror, lun, 'a');
        mirror.loop.call(() -> ShownSnapshots.of(mirror.replica).show(Set.of()));
        pair.simulation.runFor(10_000_000L);
        assertThat(delete()).isEqualTo(Outcome.done());
        pair.await(() -> !lun.isServing(), "the mirror hears of it");
        assertThat(outcome(mirror, done -> lun.read(0, ByteBuffer.allocate(BYTES), done)))
                .isInstanceOf(Outcome.NotServing.class);
    }

    @Test
    void whatASourceIsRefusedItSaysToItsMirror() {
        showTaken();
        List<Refusal> again = take();
        pair.await(() -> !again.isEmpty(), "the source answers");
        assertThat(again.getFirst().what()).contains("has a snapshot for-hosts");
    }

    @Test
    void whatIsShownStaysThroughATakeover() {
        SnapshotLun lun = showTaken();
        fill(source, 'b');
        pair.crash(source, false);
        assertThat(mirror.takeOver(true)).isNull();
        assertThat(lun.isServing()).isTrue();
        assertHolds(mirror, lun, 'a');
        fill(mirror, 'c');
        assertHolds(mirror, lun, 'a');
        UUID identity = kept(mirror).identity();
        assertThat(
                        outcome(
                                mirror,
                                done ->
                                        mirror.replica
                                                .active()
                                                .snapshots()
                                                .delete(List.of(identity), done)))
                .isInstanceOf(Outcome.Refused.class);
    }

    /// Row S7: where a takeover is refused, what the mirror has can still be read.
    @Test
    void s7AMirrorWithoutItsSourceIsRead() {
        SnapshotLun lun = showTaken();
        pair.crash(source, true);
        pair.await(() -> mirror.link == null, "the link is over");
        assertThat(mirror.takeOver(false)).isNotNull();
        assertHolds(mirror, lun, 'a');
        mirror.crash(true);
        mirror.start();
        pair.await(() -> mirror.replica != null && kept(mirror) != null, "the mirror is back");
        SnapshotLun again = new SnapshotLun(() -> shown(mirror), mirror.loop, kept(mirror), 2);
        assertThat(again.record()).isEqualTo(lun.record());
        assertHolds(mirror, again, 'a');
    }

    @Test
    void aRehearsalChangesNothingAndLosesNothing() {
        CopyState before = mirror.replica.copy().state();
        TakeoverRehearsal.Result[] found = new TakeoverRehearsal.Result[1];
        TakeoverCost[] costs = new TakeoverCost[1];
        Refusal[] refused = new Refusal[1];
        mirror.loop.call(
                () ->
                        Rehearsal.run(
                                mirror.replica,
                                new Rehearsal.Handler() {
                                    @Override
                                    public void ended(
                                            TakeoverCost cost,
                                            long judgeNanos,
                                            long leaseNanos,
                                            TakeoverRehearsal.Result result) {
                                        costs[0] = cost;
                                        found[0] = result;
                                    }

                                    @Override
                                    public void refused(Refusal refusal) {
                                        refused[0] = refusal;
                                    }
                                }));
        for (int i = 0; i < 4; i++) {
            fill(source, 'a' + i);
        }
        pair.await(() -> found[0] != null || refused[0] != null, "the rehearsal ends");
        assertThat(refused[0]).isNull();
        assertThat(costs[0]).isEqualTo(TakeoverCost.NOTHING);
        assertThat(found[0].luns()).isEqualTo(source.replica.active().luns().size());
        assertThat(mirror.replica.copy().state()).isEqualTo(before);
        assertThat(mirror.replica.status().state()).isEqualTo(RoleState.MIRRORING);
        assertThat(source.replica.status().state()).isEqualTo(RoleState.IN_SYNC);
        pair.await(
                () -> mirror.replica.copy().root().cp().equals(source.replica.copy().root().cp()),
                "the mirror follows");
        pair.workFor(30_000_000L);
        pair.awaitInSync();
        pair.verifyAll();

        SimNode notMirror = source;
        notMirror.loop.call(
                () ->
                        Rehearsal.run(
                                notMirror.replica,
                                new Rehearsal.Handler() {
                                    @Override
                                    public void ended(
                                            TakeoverCost cost,
                                            long judgeNanos,
                                            long leaseNanos,
                                            TakeoverRehearsal.Result result) {}

                                    @Override
                                    public void refused(Refusal refusal) {
                                        refused[0] = refusal;
                                    }
                                }));
        assertThat(refused[0].what()).contains("mirror");
    }
}
