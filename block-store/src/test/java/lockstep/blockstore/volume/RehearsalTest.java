package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Objects;

/// A takeover is rehearsed at a mirror that goes on, and changes nothing there.
final class RehearsalTest {
    private static final int LUN_BLOCKS = 200;
    private static final int ENTRIES = 700;

    private final VolumeWorld source =
            new VolumeWorld(3, 4, 500, LUN_BLOCKS, CopyState.standalone());
    private final VolumeWorld mirror =
            new VolumeWorld(
                    4,
                    4,
                    500,
                    LUN_BLOCKS,
                    CopyState.standalone()
                            .withPeer(1, "a")
                            .as(CopyState.Role.MIRROR, CopyState.Sync.NO_IMAGE));
    private TakeoverRehearsal.@Nullable Result result;
    private @Nullable String refused;

    RehearsalTest() {
        source.open(() -> source.active != null);
        source.makeLun();
        source.write(0, 100);
        source.checkpoint();
        mirror.open(() -> mirror.mirror != null);
    }

    private void begin() {
        mirror.loop.call(
                () ->
                        mirror.mirror.rehearse(
                                new TakeoverRehearsal.Handler() {
                                    @Override
                                    public void ended(TakeoverRehearsal.Result found) {
                                        result = found;
                                    }

                                    @Override
                                    public void refused(String why) {
                                        refused = why;
                                    }
                                }));
    }

    private boolean isOver() {
        return result != null || refused != null;
    }

    /// Entries behind the image, as a source that is in sync sends them.
    private void storeEntries() {
        for (int i = 0; i < ENTRIES; i++) {
            Position next = new Position(new Epoch(9, 1), mirror.mirror.end().sequence() + 1);
            ByteBuffer data = ByteBuffer.allocate(Blocks.SIZE).put(0, (byte) i);
            LogEntry entry = new LogEntry.Write(next, 0, Blocks.toBytes(i % LUN_BLOCKS), data);
            long half = mirror.mirror.image().count() + 1;
            mirror.loop.call(() -> assertThat(mirror.mirror.store(half, entry)).isTrue());
        }
    }

    @Test
    void itReplaysWhatATakeoverWouldAndChangesNothing() {
        new ImageTransfer(source, mirror).run();
        storeEntries();
        CopyState state = mirror.copy.state();
        ByteBuffer root = mirror.copy.root().encode();
        Position end = mirror.mirror.end();
        begin();
        mirror.await(this::isOver);
        TakeoverRehearsal.Result found = Objects.requireNonNull(result, String.valueOf(refused));
        assertThat(found.image()).isEqualTo(mirror.mirror.image());
        assertThat(found.entries()).isEqualTo(ENTRIES);
        assertThat(found.blocks()).isEqualTo(LUN_BLOCKS);
        assertThat(found.luns()).isEqualTo(1);
        assertThat(found.imageNanos()).isPositive();
        assertThat(mirror.copy.state()).isEqualTo(state);
        assertThat(mirror.copy.root().encode()).isEqualTo(root);
        assertThat(mirror.mirror.end()).isEqualTo(end);
        assertThat(mirror.check().errors()).isEmpty();
        // It is a mirror as before: entries and images go on.
        storeEntries();
        source.write(0, 10);
        source.checkpoint();
    }

    /// The next image is committed only when the rehearsal has ended, and then it is.
    @Test
    void theMirrorStaysAtItsImageUntilTheEnd() {
        new ImageTransfer(source, mirror).run();
        var held = mirror.mirror.image();
        source.write(0, 100);
        source.checkpoint();
        ImageTransfer next = new ImageTransfer(source, mirror);
        next.send();
        boolean[] committed = new boolean[1];
        var root = source.copy.root();
        mirror.loop.call(
                () -> {
                    begin();
                    mirror.mirror.commit(root.cp(), root.encode(), () -> committed[0] = true);
                });
        mirror.await(this::isOver);
        assertThat(mirror.mirror.image()).isEqualTo(held);
        assertThat(Objects.requireNonNull(result).image()).isEqualTo(held);
        mirror.await(() -> committed[0]);
        assertThat(mirror.mirror.image()).isEqualTo(root.cp());
        assertThat(mirror.check().errors()).isEmpty();
    }

    /// A link that is lost drops what was received, also while the image is held.
    @Test
    void aHoldNeverKeepsTheMirrorFromItsWork() {
        new ImageTransfer(source, mirror).run();
        source.write(0, 100);
        source.checkpoint();
        new ImageTransfer(source, mirror).send();
        var root = source.copy.root();
        boolean[] abandoned = new boolean[1];
        mirror.loop.call(
                () -> {
                    begin();
                    mirror.mirror.commit(root.cp(), root.encode(), () -> {});
                    mirror.mirror.abandon(() -> abandoned[0] = true);
                });
        mirror.await(() -> abandoned[0] && isOver());
        assertThat(mirror.mirror.receiving()).isNull();
        assertThat(mirror.check().errors()).isEmpty();
    }

    @Test
    void withoutAnImageThereIsNothingToRehearse() {
        begin();
        mirror.await(this::isOver);
        assertThat(refused).contains("no complete image");
    }
}
