package lockstep.replication.source;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.volume.ImageWalk;

import java.nio.ByteBuffer;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Brings a mirror from the image it has to a newer one: everything born since goes by content, no
/// faster than the mirror writes it, and then the root.
public final class ImageSender {
    private static final int BLOCKS_PER_SLICE = 64;

    private final ImageWalk walk;
    private final MirrorSender sender;
    private final EventLoop loop;
    private final LongConsumer sent;
    private final Consumer<String> failed;
    private long blocks;
    private boolean stopped;

    /// Sends what `walk` finds. `sent` gets the number of blocks once the commit is sent; `failed`
    /// the reason if a block cannot be read.
    public ImageSender(
            ImageWalk walk,
            MirrorSender sender,
            EventLoop loop,
            LongConsumer sent,
            Consumer<String> failed) {
        this.walk = walk;
        this.sender = sender;
        this.loop = loop;
        this.sent = sent;
        this.failed = failed;
    }

    /// The image that is sent.
    public CpId image() {
        return walk.root().cp();
    }

    /// Blocks sent so far.
    public long blocks() {
        return blocks;
    }

    /// Begins.
    public void start() {
        sender.cpBegin(image(), walk.root().upTo().sequence());
        slice();
    }

    /// Ends without a result; the link is gone or the volume has stopped.
    public void stop() {
        if (!stopped) {
            stopped = true;
            walk.close();
        }
    }

    private void slice() {
        if (!stopped) {
            next(BLOCKS_PER_SLICE);
        }
    }

    private void next(int left) {
        if (stopped || !sender.ready(this::slice)) {
            return;
        }
        if (left == 0) {
            loop.execute(this::slice);
            return;
        }
        walk.next(
                new ImageWalk.Sink() {
                    @Override
                    public void block(long vbn, int crc, ByteBuffer borrowed) {
                        if (!stopped) {
                            sender.cpData(vbn, crc, borrowed.duplicate().clear());
                            blocks++;
                            next(left - 1);
                        }
                    }

                    @Override
                    public void ended() {
                        if (!stopped) {
                            stopped = true;
                            sender.cpCommit(image(), walk.root().encode());
                            sent.accept(blocks);
                        }
                    }

                    @Override
                    public void lost(long vbn) {
                        if (!stopped) {
                            stop();
                            failed.accept("block " + vbn + " cannot be read from any disk here");
                        }
                    }
                });
    }
}
