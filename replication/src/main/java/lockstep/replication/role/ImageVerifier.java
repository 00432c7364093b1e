package lockstep.replication.role;

import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.volume.ImageSum;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// A mirror's part in a comparison of all that two copies hold ([EqualityCheck]): reads one image,
/// which the source keeps pinned, while newer ones come.
final class ImageVerifier {
    private final Replica replica;
    private @Nullable VolumeRoot root;
    private @Nullable ImageSum running;

    ImageVerifier(Replica replica) {
        this.replica = replica;
    }

    void take(MirrorVolume volume, VolumeMessage.VerifyImage m) {
        stop();
        if (volume.image().equals(m.image())) {
            root = volume.copy().root();
        }
        VolumeRoot of = root;
        if (of == null || !of.cp().equals(m.image())) {
            replica.send(new VolumeMessage.ImageVerified(m.image(), m.first(), -1, List.of()));
            return;
        }
        ImageSum next =
                new ImageSum(
                        volume.copy(),
                        of,
                        m.first(),
                        m.count(),
                        result ->
                                replica.send(
                                        new VolumeMessage.ImageVerified(
                                                m.image(),
                                                m.first(),
                                                result.lost(),
                                                result.ranges())));
        running = next;
        next.start();
    }

    /// Nobody waits for it any more.
    void stop() {
        if (running != null) {
            running.stop();
            running = null;
        }
    }
}
