package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.VolumeRoot;

import org.jspecify.annotations.NullUnmarked;

import java.nio.ByteBuffer;

/// Brings a mirror to the committed image of a source, by the difference to the one it has; or
/// forgets one block of it on the way.
@NullUnmarked
final class ImageTransfer {
    private final VolumeWorld source;
    private final VolumeWorld mirror;
    private final VolumeRoot root;
    private boolean ended;
    int whole;
    int changes;
    int forgottenWhole = -1;
    int forgottenChange = -1;

    ImageTransfer(VolumeWorld source, VolumeWorld mirror) {
        this.source = source;
        this.mirror = mirror;
        this.root = source.copy.root();
    }

    void run() {
        source.loop.call(() -> source.active.pins().addImage());
        send();
        commit();
        source.loop.call(() -> source.active.pins().keepOnly(root.cp()));
        record();
    }

    /// Everything but the root.
    void send() {
        CpId image = mirror.mirror.image();
        mirror.loop.call(() -> mirror.mirror.begin(root.cp(), root.upTo().sequence(), true));
        source.loop.call(
                () -> {
                    ImageWalk walk = source.active.walk(image);
                    walk.next(sink(walk));
                });
        source.await(() -> ended);
        // What was gathered is on the mirror's disks before anybody looks at them.
        mirror.simulation.runFor(10_000_000_000L);
    }

    void commit() {
        boolean[] committed = new boolean[1];
        boolean[] sound = new boolean[1];
        mirror.loop.call(
                () ->
                        sound[0] =
                                mirror.mirror.commit(
                                        root.cp(), root.encode(), () -> committed[0] = true));
        mirror.await(() -> committed[0]);
        assertThat(sound[0]).isTrue();
    }

    private void record() {
        boolean[] done = new boolean[1];
        mirror.loop.call(
                () ->
                        mirror.copy.save(
                                state ->
                                        state.as(CopyState.Role.MIRROR, CopyState.Sync.OUT_OF_SYNC),
                                fault -> {
                                    assertThat(fault).isNull();
                                    done[0] = true;
                                }));
        mirror.await(() -> done[0]);
    }

    private ImageWalk.Sink sink(ImageWalk walk) {
        return new ImageWalk.Sink() {
            @Override
            public void block(long vbn, int crc, ByteBuffer borrowed) {
                if (whole++ != forgottenWhole) {
                    mirror.loop.call(() -> assertThat(mirror.mirror.data(vbn, borrowed)).isTrue());
                }
                walk.next(this);
            }

            @Override
            public void change(
                    BlockPointer now,
                    ByteBuffer borrowed,
                    BlockPointer base,
                    ByteBuffer borrowedPatch) {
                if (changes++ != forgottenChange) {
                    mirror.loop.call(() -> change(now, base, borrowedPatch));
                }
                walk.next(this);
            }

            private void change(BlockPointer now, BlockPointer base, ByteBuffer borrowedPatch) {
                assertThat(
                                mirror.mirror.change(
                                        now.vbn(),
                                        now.crc(),
                                        base.vbn(),
                                        base.crc(),
                                        borrowedPatch))
                        .isTrue();
            }

            @Override
            public void ended() {
                ended = true;
            }

            @Override
            public void lost(long vbn) {
                throw new AssertionError("lost " + vbn);
            }
        };
    }
}
