package lockstep.replication.link.netty;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.VolumeId;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.VolumeMessage;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;

/// Sends blocks as long as the link is writable, goes on when it is again, and says when it ends.
final class Pump implements Runnable {
    private static final VolumeId VOLUME = new VolumeId(1, 2);

    private final SocketNode node;
    private final int blocks;
    private int next;
    private long mostQueuedBytes;

    Pump(SocketNode node, int blocks) {
        this.node = node;
        this.blocks = blocks;
    }

    /// Begins, on the node's loop.
    boolean start() {
        run();
        return true;
    }

    /// Blocks that were sent.
    int sent() {
        return next;
    }

    /// The longest that the queue was.
    long mostQueuedBytes() {
        return mostQueuedBytes;
    }

    @Override
    public void run() {
        PeerLink link = Objects.requireNonNull(node.link);
        while (next < blocks && link.writable()) {
            ByteBuffer block = ByteBuffer.allocate(Blocks.SIZE);
            while (block.hasRemaining()) {
                block.putLong(next);
            }
            link.send(
                    VOLUME,
                    new VolumeMessage.CpData(CpId.NONE, List.of(new BlockRun(next, block.flip()))));
            next++;
            mostQueuedBytes = Math.max(mostQueuedBytes, link.queuedBytes());
        }
        if (next == blocks) {
            next++;
            link.send(VOLUME, new VolumeMessage.Fault("end"));
        }
    }
}
