package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Objects;
import java.util.UUID;

/// What a mirror holds while it gets the difference between two images (invariants 4 and 7).
final class MirrorDifferenceTest {
    /// More than a mirror gathers before it writes, so that a part is on its disks before the root.
    private static final int LUN_BLOCKS = 4400;

    private static final int DBNS = 4700;

    private final VolumeWorld source =
            new VolumeWorld(3, 4, DBNS, LUN_BLOCKS, CopyState.standalone());
    private final VolumeWorld mirror =
            new VolumeWorld(
                    4,
                    4,
                    DBNS,
                    LUN_BLOCKS,
                    CopyState.standalone()
                            .withPeer(1, "a")
                            .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE));

    MirrorDifferenceTest() {
        source.open(() -> source.active != null);
        source.makeLun();
        writeAll();
        mirror.open(() -> mirror.mirror != null);
        new ImageTransfer(source, mirror).run();
    }

    /// Everything is written anew, again and again, so that VBNs are used again.
    private void workAlone() {
        for (int round = 0; round < 3; round++) {
            writeAll();
        }
    }

    private void writeAll() {
        for (int at = 0; at < LUN_BLOCKS; at += 80) {
            source.write(at, 80);
        }
        source.checkpoint();
    }

    private VolumeRoot pinnedForMirror() {
        return Objects.requireNonNull(source.copy.root().pinnedImage(mirror.mirror.image()));
    }

    private VolumeCheck.Report heldByMirror() {
        // As a node that starts now would find it.
        mirror.crash(false);
        mirror.open(() -> mirror.mirror != null);
        return mirror.check();
    }

    @Test
    void theImageStaysWholeUntilTheNextOneIs() {
        VolumeCheck.Report before = mirror.check();
        workAlone();
        new ImageTransfer(source, mirror).send();
        VolumeCheck.Report after = heldByMirror();
        assertThat(after.errors()).isEmpty();
        assertThat(after.blocks()).isEqualTo(before.blocks());
    }

    @Test
    void theNextImageIsThatOfTheSource() {
        workAlone();
        ImageTransfer transfer = new ImageTransfer(source, mirror);
        transfer.run();
        assertThat(transfer.whole).isPositive();
        assertThat(transfer.changes).isPositive();
        assertThat(mirror.check().errors()).isEmpty();
        assertThat(mirror.check().blocks()).isEqualTo(source.check().blocks());
    }

    /// Another LUN with the number of one that is gone has a lower tree, of which the mirror has
    /// nothing.
    @Test
    void aSmallerLunInThePlaceOfADeletedOneIsSent() {
        VolumeSnapshots snapshots = source.active.snapshots();
        source.succeed(done -> snapshots.deleteLun(0, false, done));
        LunRecord smaller = new LunRecord(0, "s", new UUID(1, 3), Blocks.toBytes(100));
        source.succeed(done -> source.active.putLun(smaller, done));
        source.write(0, 100);
        source.checkpoint();
        source.simulation.runFor(10_000_000_000L);
        VolumeCheck.Report there = source.check();
        new ImageTransfer(source, mirror).run();
        assertThat(mirror.check().errors()).isEmpty();
        assertThat(mirror.check().cp()).isEqualTo(there.cp());
        assertThat(mirror.check().blocks()).isEqualTo(there.blocks());
    }

    /// The sums of what was sent and of what came are equal then: the mirror finds it by itself,
    /// and its image stays what it was.
    private void assertRefused(ImageTransfer transfer, String why) {
        VolumeCheck.Report before = mirror.check();
        transfer.send();
        VolumeRoot root = source.copy.root();
        boolean[] committed = new boolean[1];
        mirror.loop.call(
                () ->
                        assertThat(
                                        mirror.mirror.commit(
                                                root.cp(),
                                                root.encode(),
                                                () -> committed[0] = true))
                                .isTrue());
        mirror.await(() -> mirror.stopped != null);
        assertThat(mirror.stopped).contains("it is not whole").contains(why);
        boolean[] ended = new boolean[1];
        mirror.loop.call(() -> mirror.mirror.abandon(() -> ended[0] = true));
        mirror.await(() -> ended[0]);
        assertThat(committed[0]).isFalse();
        VolumeCheck.Report after = heldByMirror();
        assertThat(after.errors()).isEmpty();
        assertThat(after.blocks()).isEqualTo(before.blocks());
    }

    @Test
    void aDifferenceThatLacksABlockOfDataIsRefused() {
        workAlone();
        ImageTransfer transfer = new ImageTransfer(source, mirror);
        transfer.forgottenWhole = 1000;
        assertRefused(transfer, "blocks newer than");
    }

    @Test
    void aDifferenceThatLacksANodeIsRefused() {
        source.write(1000, 1);
        source.checkpoint();
        ImageTransfer transfer = new ImageTransfer(source, mirror);
        transfer.forgottenChange = 1;
        assertRefused(transfer, "a node newer than");
    }

    /// Who drops it does not wait for the end of the proof, and it is not committed behind his
    /// back.
    @Test
    void aProofIsBrokenOffForWhoDropsTheImage() {
        workAlone();
        ImageTransfer transfer = new ImageTransfer(source, mirror);
        transfer.send();
        VolumeCheck.Report before = mirror.check();
        VolumeRoot root = source.copy.root();
        boolean[] committed = new boolean[1];
        boolean[] ended = new boolean[1];
        mirror.loop.call(
                () -> {
                    mirror.mirror.commit(root.cp(), root.encode(), () -> committed[0] = true);
                    mirror.mirror.abandon(() -> ended[0] = true);
                });
        mirror.await(() -> ended[0]);
        assertThat(mirror.stopped).isNull();
        assertThat(committed[0]).isFalse();
        assertThat(heldByMirror().blocks()).isEqualTo(before.blocks());
        new ImageTransfer(source, mirror).run();
        assertThat(mirror.check().blocks()).isEqualTo(source.check().blocks());
    }

    /// A canary: without the pin the source uses VBNs again that the mirror's image needs, and the
    /// check above would find that.
    @Test
    void aResyncWithoutThePinIsCaught() {
        source.loop.call(() -> source.active.pins().clear());
        workAlone();
        new ImageTransfer(source, mirror).send();
        assertThat(heldByMirror().isClean()).isFalse();
    }

    /// A durable pin counts until a root without it is durable: a crash may bring that root back.
    @Test
    void aPinThatWasLetGoIsKeptForOneConsistencyPointMore() {
        workAlone();
        VolumeRoot pinned = pinnedForMirror();
        source.loop.call(() -> source.active.pins().clear());
        source.write(0, 100);
        source.checkpoint();
        boolean[] whole = new boolean[1];
        boolean[] ended = new boolean[1];
        source.loop.call(
                () ->
                        FallBack.check(
                                source.copy.reopened(),
                                pinned,
                                found -> {
                                    whole[0] = found;
                                    ended[0] = true;
                                }));
        source.await(() -> ended[0]);
        assertThat(whole[0]).isTrue();
    }

    /// What is gone back to is looked at: here nothing has kept it.
    @Test
    void anImageThatIsNotWholeIsNotGoneBackTo() {
        workAlone();
        VolumeRoot pinned = pinnedForMirror();
        source.loop.call(() -> source.active.pins().clear());
        workAlone();
        boolean[] whole = {true};
        boolean[] ended = new boolean[1];
        source.loop.call(
                () ->
                        FallBack.check(
                                source.copy.reopened(),
                                pinned,
                                found -> {
                                    whole[0] = found;
                                    ended[0] = true;
                                }));
        source.await(() -> ended[0]);
        assertThat(whole[0]).isFalse();
    }

    /// A change that does not give what it should is never committed.
    @Test
    void aChangeThatMakesNoSenseIsRefused() {
        var root = source.copy.root();
        source.write(0, 1);
        source.checkpoint();
        var next = source.copy.root();
        long base = root.state().top().vbn();
        mirror.loop.call(() -> mirror.mirror.begin(next.cp(), next.upTo().sequence(), true));
        mirror.loop.call(
                () ->
                        assertThat(
                                        mirror.mirror.change(
                                                base + 1,
                                                1234,
                                                base,
                                                root.state().top().crc(),
                                                ByteBuffer.allocate(0)))
                                .isTrue());
        mirror.await(() -> mirror.stopped != null);
        assertThat(mirror.stopped).contains("does not follow from block " + base);
        boolean[] ended = new boolean[1];
        mirror.loop.call(
                () -> {
                    mirror.mirror.commit(next.cp(), next.encode(), () -> ended[0] = true);
                    mirror.mirror.abandon(() -> ended[0] = true);
                });
        mirror.await(() -> ended[0]);
        assertThat(mirror.mirror.image()).isEqualTo(root.cp());
    }
}
