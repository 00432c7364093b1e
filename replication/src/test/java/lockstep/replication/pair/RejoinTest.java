package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.RoleState;
import lockstep.replication.tail.TailFormat;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// How a mirror, and an old source that returns, are brought up to date: rows N1, N3, N11, S3, S4,
/// S7 and S8 of the fault model as far as they are about resyncs.
@DisplayName("Resync by difference; rejoin")
final class RejoinTest {
    private static final long SECOND = 1_000_000_000L;

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode a = pair.a;
    private final SimNode b = pair.b;

    RejoinTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
        a.events.clear();
        b.events.clear();
    }

    /// N1, N3: what was written meanwhile, and nothing else, travels.
    @Test
    void aMirrorThatWasCutOffGetsTheDifference() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        pair.workFor(100_000_000L);
        pair.network.heal();
        inSync();
        assertThat(resyncs(a)).isEqualTo("difference");
    }

    /// The image that the mirror has stays known through restarts of a source that is alone.
    @Test
    void aSourceThatRestartsStillKnowsTheCommonImage() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        for (int i = 0; i < 6; i++) {
            pair.workFor(60_000_000L);
            pair.crash(a, i % 2 == 0);
            pair.abandonOutstanding();
            a.start();
            pair.await(() -> a.replica != null && a.replica.active() != null, "a is open");
            a.loop.call(() -> a.replica.activate(_ -> {}));
            pair.await(() -> a.replica.active().isServing(), "a serves alone");
        }
        pair.network.heal();
        inSync();
        assertThat(resyncs(a)).isEqualTo("difference");
    }

    /// N11, S8: each attempt begins at the image that the mirror holds, and it holds one always.
    @Test
    void aResyncThatIsInterruptedGoesOnFromTheSameImage() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        pair.workFor(100_000_000L);
        CpId held = b.replica.copy().root().cp();
        for (int i = 0; i < 4; i++) {
            a.replica.resyncPace().bytesPerSecond(100_000);
            pair.network.heal();
            pair.await(() -> a.replica.status().resync().blocks() > 3, "the resync has begun");
            assertThat(a.replica.status().state()).isEqualTo(RoleState.RESYNCING);
            assertThat(a.replica.status().resync().full()).isFalse();
            assertThat(b.replica.copy().root().cp()).isEqualTo(held);
            if (i == 2) {
                pair.crash(b, true);
                b.start();
                pair.await(() -> b.replica != null, "b is back");
            }
            pair.network.cutBoth("a", "b");
            pair.await(() -> a.link == null, "the cut is noticed");
            pair.workFor(20_000_000L);
        }
        a.replica.resyncPace().bytesPerSecond(0);
        pair.network.heal();
        inSync();
        assertThat(resyncs(a)).isEqualTo("difference");
    }

    /// S7, S8: taken over in the middle of a resync, by force, it is the old image.
    @Test
    void s8ATakeoverInTheMiddleOfAResyncGivesTheOldImage() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        pair.workFor(100_000_000L);
        CpId held = b.replica.copy().root().cp();
        a.replica.resyncPace().bytesPerSecond(100_000);
        pair.network.heal();
        pair.await(() -> a.replica.status().resync().blocks() > 3, "the resync has begun");
        pair.crash(a, false);
        pair.abandonOutstanding();
        assertThat(b.takeOver(true).whatToDo()).contains("--accept-data-loss");
        assertThat(b.replica.copy().root().cp()).isEqualTo(held);
        assertThat(b.takeOver(true, true)).isNull();
        assertThat(b.replica.active().isServing()).isTrue();
        assertThat(b.replica.copy().root().pins()).isNotNull();
    }

    /// S4: an old source that has acknowledged nothing alone has nothing to keep aside.
    @Test
    void anOldSourceThatWasInSyncComesBackByTheDifference() {
        pair.network.cutBoth("a", "b");
        assertThat(b.takeOver(true)).isNull();
        pair.workFor(100_000_000L);
        pair.network.heal();
        pair.await(() -> a.replica.active() == null, "the old source steps down");
        inSync();
        pair.verifyAll();
        assertThat(resyncs(b)).isEqualTo("difference");
    }

    /// S4: the old source restarts and notes epochs of which its mirror never hears, as the link is
    /// cut each time; it finds the mirror active in an epoch that is no higher. The one that serves
    /// serves on.
    @ParameterizedTest
    @ValueSource(ints = {1, 3})
    void s4AnEpochThatWasOnlyNotedStopsNobody(int notes) {
        noteInVain(notes);
        assertThat(b.takeOver(true)).isNull();
        pair.workFor(50_000_000L);
        assertThat(b.replica.copy().state().promised().counter())
                .isLessThanOrEqualTo(a.replica.copy().state().promised().counter());
        pair.network.heal();
        pair.await(() -> a.replica.active() == null, "the old source steps down");
        inSync();
        assertThat(b.replica.status().state()).isEqualTo(RoleState.IN_SYNC);
        assertThat(resyncs(b)).isEqualTo("difference");
        pair.verifyAll();
    }

    /// The same, when the new source has restarted before it serves anybody, and waits for the old
    /// one.
    @Test
    void s4TwoThatWaitFindTheOneThatWentOn() {
        noteInVain(2);
        assertThat(b.takeOver(true)).isNull();
        pair.workFor(50_000_000L);
        pair.crash(b, true);
        pair.abandonOutstanding();
        b.start();
        pair.await(() -> b.replica != null && b.replica.active() != null, "b is open");
        pair.network.heal();
        inSync();
        assertThat(b.replica.status().state()).isEqualTo(RoleState.IN_SYNC);
        pair.verifyAll();
    }

    private void noteInVain(int times) {
        pair.network.cutBoth("a", "b");
        for (int i = 0; i < times; i++) {
            pair.crash(a, true);
            pair.abandonOutstanding();
            a.start();
            pair.await(() -> a.replica != null && a.replica.active() != null, "a is open");
            int before = a.replica.copy().state().promised().counter();
            pair.network.heal();
            pair.await(() -> a.replica.copy().state().promised().counter() > before, "a has noted");
            pair.network.cutBoth("a", "b");
            pair.await(() -> a.link == null && b.link == null, "the cut is noticed");
        }
        assertThat(a.replica.copy().state().promised().counter())
                .isEqualTo(b.replica.copy().state().promised().counter() + times);
    }

    /// S4: what both wrote alone is not merged and not dropped.
    @Test
    void s4WhatOnlyTheOldSourceWroteIsKeptAside() {
        diverge();
        CpId own = a.replica.copy().root().cp();
        discard();
        inSync();
        assertThat(resyncs(b)).isEqualTo("difference");
        assertThat(a.events).anyMatch(event -> event.startsWith("went back from image " + own));
        assertThat(a.tails.kept).hasSize(1);
        List<TailFormat.Part> tail = a.tails.kept.getFirst();
        assertThat(((TailFormat.Head) tail.getFirst()).image()).isEqualTo(own);
        assertThat(bytesOf(tail, 0)).isEqualTo(filled(1));
        assertThat(bytesOf(tail, 8)).isEqualTo(filled(2));
        assertThat(tail.getLast()).isEqualTo(new TailFormat.End(tail.size() - 2));
        assertThat(read(b, 0)).isEqualTo(filled(3));
    }

    /// The node goes down between the operator's word and the resync: nothing is lost by that.
    @Test
    void aTailOutlivesACrashBeforeItIsKept() {
        diverge();
        a.tails.fails = "no space left";
        discard();
        pair.await(
                () -> a.events.stream().anyMatch(event -> event.contains("no space left")),
                "the tail cannot be kept");
        assertThat(a.tails.kept).isEmpty();
        pair.crash(a, true);
        a.start();
        inSync();
        assertThat(bytesOf(a.tails.kept.getFirst(), 0)).isEqualTo(filled(1));
        assertThat(bytesOf(a.tails.kept.getFirst(), 8)).isEqualTo(filled(2));
    }

    /// Nothing is given up before it is kept; the resync waits.
    @Test
    void aTailThatCannotBeKeptHoldsUpTheResync() {
        diverge();
        CpId own = a.replica.copy().root().cp();
        a.tails.fails = "no space left";
        discard();
        pair.simulation.runFor(5 * SECOND);
        assertThat(a.replica.copy().root().cp()).isEqualTo(own);
        assertThat(b.replica.status().state()).isNotEqualTo(RoleState.IN_SYNC);
        inSync();
        assertThat(a.tails.kept).hasSize(1);
    }

    /// S3: a copy that is older than what it once confirmed gets everything, and says so first.
    @Test
    void aMirrorWithoutACommonImageSaysSoAndGetsEverything() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        a.loop.call(() -> a.replica.active().pins().clear());
        pair.workFor(100_000_000L);
        a.replica.resyncPace().bytesPerSecond(100_000);
        pair.network.heal();
        pair.await(() -> a.replica.status().resync().blocks() > 3, "the resync has begun");
        assertThat(a.replica.status().resync().full()).isTrue();
        assertThat(b.replica.copy().state().sync().name()).isEqualTo("NO_IMAGE");
        assertThat(b.takeOver(true, true).what()).contains("no complete image");
        a.replica.resyncPace().bytesPerSecond(0);
        inSync();
        assertThat(resyncs(a)).isEqualTo("everything");
    }

    /// A resync that does not get on is named, and goes on when it can.
    @Test
    void aResyncThatStandsStillIsNamed() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        pair.workFor(100_000_000L);
        a.replica.resyncPace().bytesPerSecond(4096);
        pair.network.heal();
        pair.await(() -> a.replica.status().resync().bytes() > 100_000, "the resync has begun");
        a.replica.resyncPace().bytesPerSecond(1);
        pair.simulation.runFor(60 * SECOND);
        assertThat(a.replica.status().resync().stalled()).startsWith("nothing has moved for");
        assertThat(a.events.stream().filter(event -> event.contains("does not get on"))).hasSize(1);
    }

    /// Under space pressure the pin goes before a write is refused; the next resync is a full copy.
    @Test
    void aPinGoesBeforeAWriteFindsNoSpace() {
        var usage = a.replica.active().usage();
        int blocks = (int) ((usage.blocks() - usage.usedBlocks()) * 11 / 20);
        LunRecord large = new LunRecord(9, "large", new UUID(9, 9), Blocks.toBytes(blocks));
        boolean[] made = new boolean[1];
        a.loop.call(() -> a.replica.active().putLun(large, outcome -> made[0] = outcome.isDone()));
        pair.await(() -> made[0], "the LUN is made");
        fill(blocks, 1);
        pair.awaitInSync();
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        fill(blocks, 2);
        assertThat(a.events).anyMatch(event -> event.startsWith("room runs short"));
        fill(blocks, 3);
        pair.network.heal();
        inSync();
        assertThat(resyncs(a)).isEqualTo("everything");
    }

    /// Every write of it has to be acknowledged.
    private void fill(int blocks, int value) {
        byte[] bytes = new byte[16 * Blocks.SIZE];
        java.util.Arrays.fill(bytes, (byte) value);
        for (int at = 0; at + 16 <= blocks; at += 16) {
            write(a, a.replica.active().luns().getLast(), 8 * at, bytes);
        }
    }

    private void diverge() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(a);
        write(a, 0, filled(1));
        boolean[] committed = new boolean[1];
        a.loop.call(() -> a.replica.active().checkpoint(() -> committed[0] = true));
        pair.await(() -> committed[0], "a's own image");
        write(a, 8, filled(2));
        assertThat(b.takeOver(true)).isNull();
        write(b, 0, filled(3));
        pair.network.heal();
        pair.await(
                () -> a.replica.status().state() == RoleState.DIVERGED, "both have written alone");
    }

    private void discard() {
        a.loop.call(() -> a.replica.discard(_ -> {}));
        pair.await(() -> a.replica.active() == null, "a is a mirror");
        if (b.replica.status().state() == RoleState.DIVERGED) {
            throw new AssertionError("only one side gives up");
        }
    }

    private void inSync() {
        pair.awaitInSync();
        pair.check(a.alive && b.alive, "both run");
    }

    private static byte[] filled(int value) {
        byte[] bytes = new byte[Blocks.SIZE];
        java.util.Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    private void write(SimNode node, int sector, byte[] bytes) {
        write(node, node.replica.active().luns().getFirst(), sector, bytes);
    }

    private void write(SimNode node, Lun lun, int sector, byte[] bytes) {
        boolean[] done = new boolean[1];
        IoBuffer data = IoBuffer.unpooled(ByteBuffer.wrap(bytes.clone()));
        long offset = (long) sector * Blocks.SECTOR;
        node.loop.call(() -> lun.write(offset, data, outcome -> done[0] = outcome.isDone()));
        pair.await(() -> done[0], "written");
    }

    /// Asked again until it is answered: right after a resync there may be no lease yet.
    private byte[] read(SimNode node, int sector) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        Lun lun = node.replica.active().luns().getFirst();
        long offset = (long) sector * Blocks.SECTOR;
        boolean[] ended = {true};
        boolean[] done = new boolean[1];
        pair.await(
                () -> {
                    if (ended[0] && !done[0]) {
                        ended[0] = false;
                        node.loop.call(
                                () ->
                                        lun.read(
                                                offset,
                                                into,
                                                outcome -> {
                                                    ended[0] = true;
                                                    done[0] = outcome.isDone();
                                                }));
                    }
                    return done[0];
                },
                "read");
        return into.array();
    }

    /// What a tail says of the block at `sector` of the first LUN.
    private static byte[] bytesOf(List<TailFormat.Part> tail, int sector) {
        byte[] found = new byte[0];
        for (TailFormat.Part record : tail) {
            if (record instanceof TailFormat.Range range
                    && range.lun() == 0
                    && range.offset() == (long) sector * Blocks.SECTOR) {
                found = new byte[range.data().remaining()];
                range.data().duplicate().get(found);
            }
        }
        return found;
    }

    private static String resyncs(SimNode source) {
        List<String> kinds = new ArrayList<>();
        for (String event : source.events) {
            if (event.startsWith("resync: sending what is newer")) {
                kinds.add("difference");
            } else if (event.startsWith("resync: there is no common")) {
                kinds.add("everything");
            }
        }
        return String.join(" ", kinds.stream().distinct().toList());
    }
}
