package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.log.LogEntry;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/// A mirror is read while it is mirrored to: what it shows of a snapshot is that snapshot or
/// nothing, whatever its source does meanwhile.
final class ReadableMirrorTest {
    private static final int LUN_BLOCKS = 300;

    private final VolumeWorld source =
            new VolumeWorld(3, 4, 600, LUN_BLOCKS, CopyState.standalone());
    private final VolumeWorld mirror =
            new VolumeWorld(
                    4,
                    4,
                    600,
                    LUN_BLOCKS,
                    CopyState.standalone()
                            .withPeer(1, "a")
                            .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE));
    private final Snapshot snapshot;
    private final byte[] kept;

    /// The mirror has the image in which the snapshot was taken.
    ReadableMirrorTest() {
        source.open(() -> source.active != null);
        source.makeLun();
        writeAll();
        VolumeSnapshots.Taking taking =
                new VolumeSnapshots.Taking("s", List.of(0), new UUID(7, 0), 1, "");
        source.succeed(done -> source.active.snapshots().take(taking, done));
        source.checkpoint();
        kept = source.content.clone();
        snapshot = source.active.snapshots().list().getFirst();
        mirror.open(() -> mirror.mirror != null);
        mirrorImage();
    }

    private void mirrorImage() {
        new ImageTransfer(source, mirror).run();
        mirror.await(() -> mirror.mirror.knowsItsValues());
    }

    private void writeAll() {
        for (int at = 0; at < LUN_BLOCKS; at += 100) {
            source.write(at, 100);
        }
        source.checkpoint();
    }

    private SnapshotLun shownBy(VolumeWorld world) {
        return new SnapshotLun(
                () -> world.mirror == null ? world.active : world.mirror, world.loop, snapshot, 9);
    }

    private Outcome read(VolumeWorld world, Lun lun, int first, int blocks) {
        ByteBuffer into = ByteBuffer.allocate(blocks * Blocks.SIZE);
        Outcome ended = world.outcome(done -> lun.read(Blocks.toBytes(first), into, done));
        if (ended.isDone()) {
            compare(first, into);
        }
        return ended;
    }

    private void compare(int first, ByteBuffer found) {
        ByteBuffer right = ByteBuffer.wrap(kept, first * Blocks.SIZE, found.capacity());
        assertThat(found.clear().equals(right)).as("blocks from %d", first).isTrue();
    }

    private void deleteAtSource() {
        source.succeed(
                done -> source.active.snapshots().delete(List.of(snapshot.identity()), done));
    }

    @Test
    void aSnapshotIsReadWhileTheMirrorGoesFromImageToImage() {
        SnapshotLun shown = shownBy(mirror);
        for (int round = 0; round < 3; round++) {
            assertThat(shown.isServing()).isTrue();
            for (int at = 0; at < LUN_BLOCKS; at += 100) {
                assertThat(read(mirror, shown, at, 100)).isEqualTo(Outcome.done());
            }
            writeAll();
            mirrorImage();
        }
        assertThat(mirror.check().errors()).isEmpty();
    }

    @Test
    void itIsThereAgainAfterARestartAndGoesOnInATakeover() {
        SnapshotLun before = shownBy(mirror);
        mirror.crash(true);
        mirror.open(() -> mirror.mirror != null);
        mirror.await(() -> mirror.mirror.knowsItsValues());
        SnapshotLun after = shownBy(mirror);
        assertThat(after.record()).isEqualTo(before.record());
        assertThat(read(mirror, after, 5, 100)).isEqualTo(Outcome.done());

        // The old one's reads end with it: from now on others use its blocks.
        KeptSnapshots asMirror = mirror.mirror.kept();
        mirror.loop.call(() -> mirror.mirror.handOver());
        assertThat(asMirror.holds(snapshot.identity())).isFalse();
        // A source shows it as well.
        assertThat(read(source, shownBy(source), 5, 100)).isEqualTo(Outcome.done());
        writeAll();
        assertThat(read(source, shownBy(source), 5, 100)).isEqualTo(Outcome.done());
    }

    /// Somebody reads all the time, also in the turns in which images are committed. The source
    /// deletes the snapshot and uses its blocks again.
    @Test
    void aReadNeverGivesAnythingElseWhenTheSnapshotGoes() {
        SnapshotLun shown = shownBy(mirror);
        int[] right = new int[1];
        int[] refused = new int[1];
        boolean[] over = new boolean[1];
        mirror.loop.call(() -> readOn(shown, 0, right, refused, over));
        deleteAtSource();
        for (int round = 0; round < 4; round++) {
            writeAll();
            mirrorImage();
        }
        over[0] = true;
        assertThat(right[0]).isGreaterThan(10);
        assertThat(refused[0]).isPositive();
        assertThat(shown.isServing()).isFalse();
        assertThat(read(mirror, shown, 0, 1)).isInstanceOf(Outcome.NotServing.class);
    }

    private void readOn(SnapshotLun shown, int first, int[] right, int[] refused, boolean[] over) {
        ByteBuffer into = ByteBuffer.allocate(20 * Blocks.SIZE);
        shown.read(
                Blocks.toBytes(first),
                into,
                outcome -> {
                    if (outcome.isDone()) {
                        compare(first, into);
                        right[0]++;
                    } else {
                        assertThat(outcome).isInstanceOf(Outcome.NotServing.class);
                        refused[0]++;
                    }
                    if (!over[0]) {
                        int next = (first + 20) % LUN_BLOCKS;
                        mirror.loop
                                .clock()
                                .schedule(
                                        20_000_000,
                                        () -> readOn(shown, next, right, refused, over));
                    }
                });
    }

    @Test
    void theEntryThatDeletesItEndsItsReads() {
        SnapshotLun shown = shownBy(mirror);
        Position next = new Position(new Epoch(9, 1), mirror.mirror.end().sequence() + 1);
        ByteBuffer steps =
                SnapshotStep.encode(List.of(new SnapshotStep.Delete(snapshot.identity())));
        boolean[] stored = new boolean[1];
        mirror.loop.call(
                () ->
                        stored[0] =
                                mirror.mirror.store(
                                        mirror.mirror.image().count() + 1,
                                        new LogEntry.Put(next, SnapshotStep.KEY, steps)));
        assertThat(stored[0]).isTrue();
        assertThat(shown.isServing()).isFalse();
        assertThat(read(mirror, shown, 0, 1)).isInstanceOf(Outcome.NotServing.class);
    }

    @Test
    void nothingIsWrittenToIt() {
        SnapshotLun shown = shownBy(mirror);
        ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE);
        Outcome isProtected = new Outcome.WriteProtected();
        assertThat(shown.record().readOnly()).isTrue();
        assertThat(shown.record().identity()).isNotEqualTo(snapshot.lun().identity());
        assertThat(mirror.outcome(done -> shown.write(0, IoBuffer.unpooled(data), done)))
                .isEqualTo(isProtected);
        assertThat(mirror.outcome(done -> shown.writeSame(0, 4096, data.slice(0, 512), done)))
                .isEqualTo(isProtected);
        assertThat(mirror.outcome(done -> shown.unmap(0, 4096, done))).isEqualTo(isProtected);
        assertThat(mirror.outcome(done -> shown.orWrite(0, IoBuffer.unpooled(data), done)))
                .isEqualTo(isProtected);
        assertThat(mirror.outcome(done -> shown.compareAndWrite(0, IoBuffer.unpooled(data), done)))
                .isEqualTo(isProtected);
        assertThat(read(mirror, shown, LUN_BLOCKS - 1, 2)).isEqualTo(new Outcome.OutOfRange());
    }

    /// The source keeps what its mirror shows.
    @Test
    void aSnapshotThatSomebodyUsesIsNotDeleted() {
        VolumeSnapshots snapshots = source.active.snapshots();
        source.loop.call(
                () ->
                        snapshots.usedBy(
                                one ->
                                        one.equals(snapshot.identity())
                                                ? "is shown by the mirror"
                                                : null));
        Outcome.Refused refused = new Outcome.Refused("snapshot s of LUN 0 is shown by the mirror");
        assertThat(source.outcome(done -> snapshots.delete(List.of(snapshot.identity()), done)))
                .isEqualTo(refused);
        assertThat(source.outcome(done -> snapshots.deleteLun(0, true, done))).isEqualTo(refused);
        source.loop.call(() -> snapshots.usedBy(_ -> null));
        deleteAtSource();
        assertThat(snapshots.list()).isEmpty();
    }
}
