package lockstep.replication.source;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.volume.ImageWalk;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// Brings a mirror from the image it has to a newer one: everything born since goes by content or
/// as a change, no faster than the mirror writes it and the pace allows, and then the root.
public final class ImageSender {
    private static final int BLOCKS_PER_SLICE = 64;

    private final ImageWalk walk;
    private final MirrorSender sender;
    private final EventLoop loop;
    private final ResyncPace pace;
    private final Consumer<String> failed;
    private long blocks;
    private long bytes;
    private long paced;
    private boolean stopped;

    /// Sends what `walk` finds; `failed` gets the reason if a block cannot be read.
    public ImageSender(
            ImageWalk walk,
            MirrorSender sender,
            EventLoop loop,
            ResyncPace pace,
            Consumer<String> failed) {
        this.walk = walk;
        this.sender = sender;
        this.loop = loop;
        this.pace = pace;
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

    /// Bytes of contents and changes sent so far.
    public long bytes() {
        return bytes;
    }

    /// How much of the image is behind, from 0 to 1.
    public double done() {
        return walk.done();
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
        if (stopped) {
            return;
        }
        long delayNanos = pace.delayNanos(bytes - paced, loop.clock().nanoTime());
        paced = bytes;
        if (delayNanos > 0) {
            loop.clock().schedule(delayNanos, () -> next(BLOCKS_PER_SLICE));
        } else {
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
                            sent(Blocks.SIZE, left);
                        }
                    }

                    @Override
                    public void change(
                            BlockPointer now,
                            ByteBuffer borrowed,
                            BlockPointer base,
                            ByteBuffer borrowedPatch) {
                        if (!stopped) {
                            sender.cpChange(now, base, borrowedPatch, borrowed.duplicate().clear());
                            sent(borrowedPatch.remaining(), left);
                        }
                    }

                    @Override
                    public void ended() {
                        if (!stopped) {
                            stopped = true;
                            sender.cpCommit(image(), walk.root().encode());
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

    private void sent(int length, int left) {
        blocks++;
        bytes += length;
        next(left - 1);
    }
}
