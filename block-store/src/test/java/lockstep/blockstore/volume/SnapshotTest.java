package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/// What can be done with snapshots, what is refused, and what it does to the space.
final class SnapshotTest {
    private SnapshotWorld world = new SnapshotWorld(1, 4096);

    private Outcome delete(UUID snapshot) {
        return world.await(done -> world.snapshots().delete(List.of(snapshot), done));
    }

    private Outcome cloneAs(UUID snapshot, int number, boolean readOnly) {
        LunRecord as = new LunRecord(number, "c", world.newId(), Blocks.SIZE, readOnly);
        return world.await(done -> world.snapshots().cloneAs(snapshot, as, done));
    }

    private Outcome restore(UUID snapshot, boolean deleteNewer) {
        return world.await(done -> world.snapshots().restore(snapshot, deleteNewer, done));
    }

    private Outcome deleteLun(int number, boolean withSnapshots) {
        return world.await(done -> world.snapshots().deleteLun(number, withSnapshots, done));
    }

    private void fill(int lun, int blocks) {
        for (int block = 0; block < blocks; block += 100) {
            assertThat(world.write(lun, block, Math.min(100, blocks - block)).isDone()).isTrue();
        }
    }

    private Snapshot only() {
        assertThat(world.snapshots().list()).hasSize(1);
        return world.snapshots().list().getFirst();
    }

    @Test
    void aSnapshotTakesNoSpaceUntilItsLunChanges() {
        world.createLun(0, 400);
        fill(0, 400);
        world.settle();
        UUID snapshot = world.take(0);
        world.settle();
        assertThat(only().unique()).isZero();
        assertThat(only().shared()).isEqualTo(400 + 4);

        assertThat(world.write(0, 0, 50).isDone()).isTrue();
        world.settle();
        // Its blocks, the leaf above them, and the top.
        assertThat(only().unique()).isEqualTo(52);
        assertThat(only().shared()).isEqualTo(352);
        assertThat(world.snapshots().heldBlocks(only().lun().identity())).isEqualTo(52);

        world.drain();
        long before = world.active().usage().usedBlocks();
        assertThat(delete(snapshot).isDone()).isTrue();
        world.drain();
        assertThat(before - world.active().usage().usedBlocks()).isBetween(52L, 58L);
        world.check();
    }

    @Test
    void aFullVolumeIsEmptiedByDeletingASnapshot() {
        world.createLun(0, 2100);
        fill(0, 2100);
        UUID snapshot = world.take(0);
        Outcome last = Outcome.done();
        for (int block = 0; last.isDone() && block < 2100; block += 20) {
            last = world.write(0, block, 20);
        }
        for (int block = 1900; world.write(0, block, 1).isDone(); block++) {
            assertThat(block).as("is full at some time").isLessThan(2100);
        }
        assertThat(last).isEqualTo(new Outcome.NoSpace());
        assertThat(world.await(done -> world.snapshots().take(world.taking(List.of(0)), done)))
                .isEqualTo(new Outcome.NoSpace());
        assertThat(delete(snapshot).isDone()).isTrue();
        // It waits until what was deleted has become room.
        assertThat(world.write(0, 1900, 100).isDone()).isTrue();
        world.settle();
        world.check();
        world.compare();
    }

    @Test
    void aLargeLunGoesBitByBit() {
        world.createLun(0, 3000);
        fill(0, 3000);
        world.settle();
        world.drain();
        assertThat(deleteLun(0, false).isDone()).isTrue();
        world.settle();
        int steps = 0;
        while (world.active().usage().isDraining()) {
            if (steps % 4 == 3) {
                world.crash();
            }
            VolumeUsage from = world.active().usage();
            world.settle();
            world.check();
            VolumeUsage to = world.active().usage();
            assertThat(from.usedBlocks() - to.usedBlocks())
                    .as("freed by each consistency point")
                    .isLessThan(300 * (to.commits() - from.commits()));
            steps++;
        }
        assertThat(steps).isGreaterThan(5);
        world.drain();
        assertThat(world.active().usage().usedBlocks()).isLessThan(40);
    }

    @Test
    void aSnapshotWithClonesStays() {
        world.createLun(0, 200);
        fill(0, 200);
        UUID snapshot = world.take(0);
        assertThat(cloneAs(snapshot, 3, false).isDone()).isTrue();
        Outcome refused = new Outcome.Refused("snapshot s0 of LUN 0 has clones: LUN 3 (c)");
        assertThat(delete(snapshot)).isEqualTo(refused);
        assertThat(deleteLun(0, true)).isEqualTo(refused);
        assertThat(world.write(3, 10, 20).isDone()).isTrue();
        assertThat(deleteLun(3, false).isDone()).isTrue();
        assertThat(delete(snapshot).isDone()).isTrue();
        assertThat(world.snapshots().list()).isEmpty();
        world.drain();
        world.check();
        world.compare();
    }

    @Test
    void aReadOnlyCloneTakesNoWrites() {
        world.createLun(0, 100);
        fill(0, 100);
        UUID snapshot = world.take(0);
        assertThat(cloneAs(snapshot, 1, true).isDone()).isTrue();
        Outcome refused = new Outcome.WriteProtected();
        assertThat(world.write(1, 0, 1)).isEqualTo(refused);
        assertThat(world.await(done -> world.lun(1).unmap(0, Blocks.SIZE, done)))
                .isEqualTo(refused);
        LunRecord record = world.lun(1).record();
        assertThat(record.readOnly()).isTrue();
        world.crash();
        assertThat(world.lun(1).record()).isEqualTo(record);
        world.compare();
    }

    @Test
    void newerSnapshotsAreInTheWayOfARestore() {
        world.createLun(0, 100);
        fill(0, 100);
        UUID first = world.take(0);
        fill(0, 50);
        world.take(0);
        fill(0, 20);
        assertThat(restore(first, false))
                .isEqualTo(new Outcome.Refused("newer snapshots are in the way: s1"));
        assertThat(restore(first, true).isDone()).isTrue();
        assertThat(only().identity()).isEqualTo(first);
        world.compare();
        world.drain();
        world.check();
        assertThat(only().unique()).isZero();
    }

    @Test
    void aRestoredLunKeepsItsSize() {
        world.createLun(0, 100);
        fill(0, 100);
        UUID first = world.take(0);
        LunRecord grown = world.lun(0).record().sized(Blocks.toBytes(300));
        assertThat(world.await(done -> world.active().putLun(grown, done)).isDone()).isTrue();
        fill(0, 300);
        assertThat(restore(first, false).isDone()).isTrue();
        assertThat(world.lun(0).record()).isEqualTo(grown);
        world.compare();
        assertThat(world.write(0, 290, 10).isDone()).isTrue();
        world.drain();
        world.check();
        world.compare();
    }

    @Test
    void aLunWithSnapshotsIsDeletedOnlyWithThem() {
        world.createLun(0, 100);
        fill(0, 100);
        world.take(0);
        assertThat(deleteLun(0, false)).isEqualTo(new Outcome.Refused("LUN 0 has 1 snapshots"));
        assertThat(deleteLun(0, true).isDone()).isTrue();
        assertThat(world.snapshots().list()).isEmpty();
        assertThat(deleteLun(0, true)).isEqualTo(new Outcome.Refused("there is no LUN 0"));
        LunRecord other = new LunRecord(0, "n", world.newId(), Blocks.toBytes(50));
        assertThat(world.await(done -> world.active().putLun(other, done)).isDone()).isTrue();
        world.compare();
        world.drain();
        world.check();
    }

    @Test
    void aNumberOfSnapshotsIsTheMost() {
        world = new SnapshotWorld(1, 16_384);
        for (int lun = 0; lun < 11; lun++) {
            world.createLun(lun, 10);
            world.write(lun, 0, 10);
        }
        for (int i = 0; i < Snapshot.MAX / 11; i++) {
            VolumeSnapshots.Taking taking = world.taking(List.of());
            assertThat(world.await(done -> world.snapshots().take(taking, done)).isDone()).isTrue();
            world.write(i % 11, 0, 1);
        }
        assertThat(world.snapshots().list()).hasSize(Snapshot.MAX);
        VolumeSnapshots.Taking more = world.taking(List.of(1));
        assertThat(world.await(done -> world.snapshots().take(more, done)))
                .isEqualTo(new Outcome.Refused("a volume has at most 1023 snapshots"));
        List<UUID> all = world.snapshots().list().stream().map(Snapshot::identity).toList();
        assertThat(world.await(done -> world.snapshots().delete(all, done)).isDone()).isTrue();
        world.drain();
        world.check();
        world.compare();
    }

    @Test
    void aNameStandsOncePerLun() {
        world.createLun(0, 10);
        VolumeSnapshots.Taking taking = world.taking(List.of(0));
        assertThat(world.await(done -> world.snapshots().take(taking, done)).isDone()).isTrue();
        VolumeSnapshots.Taking again =
                new VolumeSnapshots.Taking(taking.name(), List.of(0), world.newId(), 1, "");
        assertThat(world.await(done -> world.snapshots().take(again, done)))
                .isEqualTo(new Outcome.Refused("LUN 0 has a snapshot " + taking.name()));
        assertThat(world.await(done -> world.snapshots().take(world.taking(List.of(7)), done)))
                .isEqualTo(new Outcome.Refused("there is no such LUN"));
    }

    @Test
    void aReplayCommitsASnapshotExactlyWhereItWasTaken() {
        world.createLun(0, 200);
        fill(0, 200);
        world.settle();
        for (int round = 0; round < 8; round++) {
            world.write(0, 20L * round, 30);
            VolumeSnapshots.Taking taking = world.taking(List.of(0));
            world.begin(done -> world.snapshots().take(taking, done));
            // Its entry is in the log, its consistency point hardly begun.
            boolean logged =
                    world.simulation.runUntil(
                            () -> world.snapshots().list().size() > world.imageSnapshots());
            assertThat(logged).isTrue();
            world.write(0, 20L * round + 10, 5);
            world.crash();
            world.compare();
            world.settle();
            world.check();
            world.compare();
        }
        assertThat(world.sealedReplays).isPositive();
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        assertThat(world.await(done -> world.lun(0).read(0, into, done)).isDone()).isTrue();
    }

    /// What was compared is what the command replaces, also where its LUN goes back to a snapshot
    /// meanwhile: then it is as if it had come wholly before or wholly after.
    @Test
    void compareAndWriteIsBeforeOrAfterARestore() {
        int[] compared = new int[2];
        for (long seed = 1; seed <= 60; seed++) {
            world = new SnapshotWorld(seed, 1024);
            world.createLun(0, 8);
            ByteBuffer old = world.stamps(8);
            ByteBuffer now = world.stamps(8);
            ByteBuffer next = world.stamps(8);
            put(old);
            UUID snapshot = world.take(0);
            put(now);
            world.settle();
            ByteBuffer both = ByteBuffer.allocate(2 * Blocks.SIZE);
            both.put(now.duplicate()).put(next.duplicate()).flip();
            Outcome[] ended = new Outcome[2];
            Lun lun = world.lun(0);
            world.run(() -> world.snapshots().restore(snapshot, true, o -> ended[0] = o));
            world.simulation.runFor(world.random.nextLong(3_000_000));
            world.run(() -> lun.compareAndWrite(0, IoBuffer.unpooled(both), o -> ended[1] = o));
            boolean over = world.simulation.runUntil(() -> ended[0] != null && ended[1] != null);
            assertThat(over).isTrue();
            assertThat(ended[0]).isEqualTo(Outcome.done());
            compared[ended[1].isDone() ? 0 : 1]++;
            ByteBuffer found = ByteBuffer.allocate(Blocks.SIZE);
            assertThat(world.await(done -> lun.read(0, found, done)).isDone()).isTrue();
            // Before it, it is gone with what it replaced; after it, it found something else.
            assertThat(found).as("seed %d: %s", seed, ended[1]).isEqualTo(old);
        }
        assertThat(compared).doesNotContain(0);
    }

    private void put(ByteBuffer block) {
        IoBuffer data = IoBuffer.unpooled(block.duplicate());
        assertThat(world.await(done -> world.lun(0).write(0, data, done)).isDone()).isTrue();
    }
}
