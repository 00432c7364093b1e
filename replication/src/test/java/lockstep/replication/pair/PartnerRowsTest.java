package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.RoleState;
import lockstep.replication.wire.VolumeMessage.Entries;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/// What a partner may be or send that it should not, by the rows of the fault model: N are faults
/// of the network, S of a partner.
@NullUnmarked
final class PartnerRowsTest {
    private final PairSimulation pair = new PairSimulation(11);
    private final PairCopies both = new PairCopies(pair);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    PartnerRowsTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    private RoleState state(SimNode node) {
        return node.replica == null ? RoleState.OPENING : node.replica.status().state();
    }

    private Sync sync(SimNode node) {
        return node.replica.copy().state().sync();
    }

    private Refusal takeOver() {
        List<Refusal> ended = new ArrayList<>();
        mirror.loop.call(() -> mirror.replica.takeover(true, false, ended::add));
        pair.await(() -> !ended.isEmpty(), "the takeover ends");
        return ended.getFirst();
    }

    private void back() {
        pair.network.heal();
        pair.awaitInSync();
        pair.workFor(30_000_000L);
        pair.verifyAll();
        assertThat(both.verify(true).differing()).isEmpty();
    }

    /// A run of entries comes once more, at once or when newer ones have come.
    @Test
    void n9WhatComesTwiceCountsOnce() {
        List<Entries> seen = new ArrayList<>();
        int[] repeated = new int[1];
        mirror.tamper =
                message -> {
                    if (message instanceof Entries entries) {
                        if (seen.size() % 8 == 3) {
                            repeated[0]++;
                            mirror.replica.received(seen.get(seen.size() - 1 - seen.size() % 3));
                        }
                        seen.add(copy(entries));
                    }
                    return message;
                };
        pair.workFor(300_000_000L);
        assertThat(repeated[0]).isGreaterThan(3);
        mirror.tamper = UnaryOperator.identity();
        back();
    }

    private static Entries copy(Entries entries) {
        ByteBuffer bytes = entries.pieces().getFirst();
        ByteBuffer own = ByteBuffer.allocate(bytes.remaining()).put(bytes.duplicate()).flip();
        return new Entries(entries.epoch(), entries.half(), entries.count(), List.of(own));
    }

    /// It has acknowledged entries that only its log had, and comes back with another log.
    @Test
    void s3AMirrorThatHasForgottenIsNoneUntilItHasEverything() {
        pair.workFor(20_000_000L);
        pair.crash(mirror, true);
        pair.network.cutBoth("a", "b");
        wipeLog();
        mirror.start();
        pair.await(() -> state(mirror) == RoleState.WAITING, "it waits for its source");
        assertThat(sync(mirror)).isEqualTo(Sync.OUT_OF_SYNC);
        assertThat(takeOver().what()).contains("out of sync");
        assertThat(sync(source)).isEqualTo(Sync.IN_SYNC);
        back();
        assertThat(sync(mirror)).isEqualTo(Sync.IN_SYNC);
    }

    /// Its disks and its log are what they were some time ago, as after a restore of the machine
    /// that it runs on.
    @Test
    void s3AMirrorThatIsOlderThanItWasIsNoneUntilItHasEverything() {
        List<byte[]> older = devices().map(one -> one.peek(0, (int) one.size())).toList();
        CpId image = mirror.lastRoot.cp();
        for (int i = 0; i < 100 && mirror.lastRoot.cp().count() < image.count() + 3; i++) {
            pair.workFor(20_000_000L);
        }
        assertThat(mirror.lastRoot.cp().count()).isGreaterThan(image.count() + 2);
        pair.crash(mirror, true);
        Iterator<byte[]> each = older.iterator();
        devices().forEach(one -> one.poke(0, each.next()));
        mirror.start();
        pair.await(() -> sent() == 2, "everything is sent, as when it was new");
        back();
        assertThat(sync(mirror)).isEqualTo(Sync.IN_SYNC);
        pair.crash(source, true);
        pair.abandonOutstanding();
        assertThat(takeOver()).isNull();
        pair.verifyAll();
    }

    private long sent() {
        return source.events.stream().filter(e -> e.contains("sending everything")).count();
    }

    private Stream<SimDevice> devices() {
        return Stream.concat(mirror.disks.stream(), Stream.of(mirror.log));
    }

    private void wipeLog() {
        SimEventLoop loop = pair.simulation.newLoop("wiping");
        boolean[] done = new boolean[1];
        mirror.log.attach(loop);
        loop.call(
                () ->
                        NvLog.format(
                                mirror.log,
                                SimNode.SEGMENT,
                                () -> pair.simulation.random().nextLong(),
                                _ -> done[0] = true));
        pair.await(() -> done[0], "the log is empty");
        loop.stop();
    }
}
