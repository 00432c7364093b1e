package lockstep.replication.link.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Fatal;
import lockstep.blockstore.base.VolumeId;
import lockstep.replication.link.Connection;
import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.Pins;
import lockstep.replication.wire.FrameReader;
import lockstep.replication.wire.LinkMessage;
import lockstep.replication.wire.LinkMessage.Goodbye;
import lockstep.replication.wire.Message;
import lockstep.replication.wire.MessageCodec;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.UUID;

/// One TCP connection. Messages are handed to the handler from inside [#decode], because the bytes
/// they are views of live no longer than that; so nothing travels on along the pipeline.
///
/// A message is encoded straight into a pooled buffer that Netty owns and releases once it is
/// written. Flushing waits until the loop has done what it is doing, so that many small messages of
/// one turn leave in one system call. Bulk waits in a [SendQueue], and heartbeats go past it.
final class NettyConnection extends ByteToMessageDecoder implements Connection {
    private static final Logger LOG = LoggerFactory.getLogger(NettyConnection.class);

    private final Channel channel;
    private final SendQueue queue;
    private final Pins pins;
    private final Runnable whenKnown;
    private final FrameReader reader = new FrameReader();
    private @Nullable Handler handler;
    private @Nullable String closeReason;
    private @Nullable Fingerprint proof;
    private boolean known;
    private boolean closedTold;
    private boolean flushScheduled;
    private boolean full;

    /// `whenKnown` runs once, when the first message was understood or the connection is over.
    NettyConnection(Channel channel, Pins pins, Runnable whenKnown) {
        this.channel = channel;
        this.queue = new SendQueue(channel);
        this.pins = pins;
        this.whenKnown = whenKnown;
    }

    /// The other end has shown that it holds `key`; without this word the connection is plaintext.
    void proved(Fingerprint key) {
        proof = key;
    }

    @Override
    public boolean mayBe(UUID node) {
        return Objects.equals(pins.keyOf(node), proof);
    }

    @Override
    public void handler(Handler handler) {
        this.handler = handler;
    }

    @Override
    public void send(VolumeId volume, Message borrowed) {
        Check.that(channel.eventLoop().inEventLoop(), "a link is used on its loop");
        if (closeReason != null) {
            return;
        }
        int bytes = MessageCodec.frameBytes(borrowed);
        ByteBuf frame = channel.alloc().directBuffer(bytes, bytes);
        boolean encoded = false;
        try {
            MessageCodec.encode(volume, borrowed, frame.nioBuffer(0, bytes));
            frame.writerIndex(bytes);
            encoded = true;
        } finally {
            if (!encoded) {
                frame.release();
            }
        }
        // Of the handshake nothing waits, so heartbeats go past messages about volumes only.
        if (borrowed instanceof LinkMessage && !(borrowed instanceof Goodbye)) {
            queue.addFirst(frame);
        } else {
            queue.add(frame);
        }
        scheduleFlush();
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            channel.eventLoop().execute(this::flush);
        }
    }

    private void flush() {
        flushScheduled = false;
        if (closeReason == null && queue.pump()) {
            scheduleFlush();
        }
        tellWritable();
    }

    @Override
    public long queuedBytes() {
        return queue.bytes();
    }

    @Override
    public boolean writable() {
        full |= queue.bytes() >= SocketTypes.BULK.high();
        return closeReason == null && !full;
    }

    private void tellWritable() {
        if (full && closeReason == null && queue.bytes() < SocketTypes.BULK.low()) {
            full = false;
            if (handler != null) {
                handler.writableAgain();
            }
        }
    }

    @Override
    public void close(String reason) {
        if (closeReason == null) {
            closeReason = reason;
            queue.handAll();
            channel.close();
        }
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (closeReason != null) {
            in.skipBytes(in.readableBytes());
            return;
        }
        try {
            ByteBuffer view = in.nioBuffer();
            FrameReader.Frame frame = reader.next(view);
            if (frame != null) {
                in.skipBytes(view.position());
                becomeKnown();
                requireHandler().received(frame.volume(), frame.message());
            }
        } catch (ProtocolViolation violation) {
            LOG.warn("{} broke the protocol: {}", channel.remoteAddress(), violation.getMessage());
            close("protocol violation: " + violation.getMessage());
        } catch (RuntimeException | Error broken) {
            LOG.error("a message of {} could not be handled", channel.remoteAddress(), broken);
            close("a message could not be handled: " + broken);
            if (Fatal.is(broken)) {
                Fatal.tell(broken);
            }
        }
    }

    private Handler requireHandler() {
        if (handler == null) {
            throw new BrokenInvariant("a connection has a handler before it has bytes");
        }
        return handler;
    }

    private void becomeKnown() {
        if (!known) {
            known = true;
            whenKnown.run();
        }
    }

    @Override
    public void channelWritabilityChanged(ChannelHandlerContext context) {
        if (channel.isWritable()) {
            scheduleFlush();
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        close(cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        super.channelInactive(context);
        queue.drop();
        becomeKnown();
        if (closeReason == null) {
            closeReason = "closed by the peer";
        }
        if (!closedTold && handler != null) {
            closedTold = true;
            handler.closed(closeReason);
        }
    }
}
