package lockstep.target;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.Clock;
import lockstep.target.NodeDisks.NodeDisk;
import lockstep.target.NodeDisks.Use;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Shows people which disk is which. On the core loop.
final class DiskLight {
    private static final long SECOND = 1_000_000_000;
    private static final int BLOCKS_AT_ONCE = 64;

    private final Clock clock;
    private final NodeVolumes volumes;

    DiskLight(Clock clock, NodeVolumes volumes) {
        this.clock = clock;
        this.volumes = volumes;
    }

    /// Reads from a disk, a second on and a second off, so that its light shows which it is.
    void blink(NodeDisk disk, int seconds, CompletableFuture<Done> answer) {
        if (disk.use == Use.MEMBER && !DiskPlaces.isHeard(volumes, disk)) {
            throw new AdminException(
                    Code.REFUSED,
                    disk.name + " does not answer any more",
                    "look for the disk at " + disk.path + " whose light stays dark");
        }
        long until = clock.nanoTime() + seconds * SECOND;
        blink(disk.device, until, 0);
        answer.complete(new Done(disk.path + " blinks for " + seconds + " s"));
    }

    private void blink(BlockDevice device, long until, long block) {
        long now = clock.nanoTime();
        if (now >= until) {
            return;
        }
        boolean dark = (until - now) / SECOND % 2 == 1;
        long last = Blocks.containing(device.size()) - BLOCKS_AT_ONCE;
        if (dark || last < 0) {
            clock.schedule(SECOND / 10, () -> blink(device, until, block));
            return;
        }
        ByteBuffer into = ByteBuffer.allocate((int) Blocks.toBytes(BLOCKS_AT_ONCE));
        long at = block > last ? 0 : block;
        device.read(
                new BlockDevice.Extent(Blocks.toBytes(at), List.of(into)),
                fault -> {
                    if (fault == null) {
                        blink(device, until, at + BLOCKS_AT_ONCE);
                    }
                });
    }
}
