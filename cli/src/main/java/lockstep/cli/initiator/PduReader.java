package lockstep.cli.initiator;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Cuts the byte stream into PDUs without gathering them: header bytes go into one fixed buffer,
/// data segment bytes straight to the sink as they come, so read data is copied once, into the
/// caller's buffer. Every buffer that arrives is released here.
final class PduReader extends ChannelInboundHandlerAdapter {
    /// What a PDU's parts are told to.
    interface Sink {
        /// A header came (and its digest was right); `length` bytes of data segment follow.
        void header(ByteBuffer borrowedHeader, int length) throws ProtocolException;

        /// The next `count` bytes of the data segment, at `borrowed`'s reader index, which moves on
        /// whatever the sink does.
        void data(ByteBuf borrowed, int count) throws ProtocolException;

        /// The PDU is whole (and its data digest was right).
        void end() throws ProtocolException;

        /// What arrived in one go has been told.
        void readComplete();

        /// The connection is over; nothing comes after this.
        void closed(String reason);
    }

    private enum Part {
        HEADER,
        AHS,
        HEADER_DIGEST,
        DATA,
        PADDING,
        DATA_DIGEST
    }

    private final Sink sink;
    private final int maxSegment;
    private final Runnable whenConnected;
    private final ByteBuffer header = ByteBuffer.allocate(Bhs.LENGTH);
    private final ByteBuffer digest = ByteBuffer.allocate(4);
    private final CRC32C crc = new CRC32C();
    private boolean headerDigest;
    private boolean dataDigest;
    private Part part = Part.HEADER;
    private int left = Bhs.LENGTH;
    private int dataLength;
    private String closeReason = "the target closed the connection";

    /// `maxSegment` is the longest data segment that we declared to take.
    PduReader(Sink sink, int maxSegment, Runnable whenConnected) {
        this.sink = sink;
        this.whenConnected = whenConnected;
        this.maxSegment = maxSegment;
    }

    /// From the next PDU on these digests are expected.
    void expectDigests(boolean ofHeader, boolean ofData) {
        headerDigest = ofHeader;
        dataDigest = ofData;
    }

    /// Closes the connection and says why.
    void fail(Channel channel, String reason) {
        closeReason = reason;
        channel.close();
    }

    @Override
    public void channelActive(ChannelHandlerContext context) {
        whenConnected.run();
    }

    @Override
    public void channelRead(ChannelHandlerContext context, Object message) {
        ByteBuf bytes = (ByteBuf) message;
        try {
            while (bytes.isReadable() && context.channel().isOpen()) {
                take(bytes);
            }
        } catch (ProtocolException e) {
            fail(context.channel(), e.getMessage());
        } finally {
            bytes.release();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext context) {
        sink.readComplete();
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) {
        sink.closed(closeReason);
    }

    @Override
    @SuppressWarnings("deprecation") // the handler's own method is the way to see failed writes
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(context.channel(), cause.toString());
    }

    private void take(ByteBuf bytes) throws ProtocolException {
        int count = Math.min(left, bytes.readableBytes());
        int next = bytes.readerIndex() + count;
        left -= count;
        switch (part) {
            case HEADER -> header.put(bytes.nioBuffer(bytes.readerIndex(), count));
            case AHS -> checksum(headerDigest, bytes, count);
            case HEADER_DIGEST, DATA_DIGEST ->
                    digest.put(bytes.nioBuffer(bytes.readerIndex(), count));
            case DATA -> {
                checksum(dataDigest, bytes, count);
                sink.data(bytes, count);
            }
            case PADDING -> checksum(dataDigest, bytes, count);
        }
        bytes.readerIndex(next);
        while (left == 0) {
            partEnded();
        }
    }

    private void checksum(boolean wanted, ByteBuf bytes, int count) {
        if (wanted) {
            crc.update(bytes.nioBuffer(bytes.readerIndex(), count));
        }
    }

    // Moves to the next part, which may be empty: then it ends at once.
    private void partEnded() throws ProtocolException {
        switch (part) {
            case HEADER -> {
                dataLength = header.getInt(4) & 0xffffff;
                if (dataLength > maxSegment) {
                    throw new ProtocolException("a data segment of " + dataLength + " bytes");
                }
                crc.update(header.array(), 0, Bhs.LENGTH);
                enter(Part.AHS, (header.get(4) & 0xff) * 4);
            }
            case AHS -> enter(Part.HEADER_DIGEST, headerDigest ? 4 : 0);
            case HEADER_DIGEST -> {
                checkDigest(headerDigest, "header");
                sink.header(header, dataLength);
                enter(Part.DATA, dataLength);
            }
            case DATA -> enter(Part.PADDING, Bhs.padding(dataLength));
            case PADDING -> enter(Part.DATA_DIGEST, dataDigest && dataLength > 0 ? 4 : 0);
            case DATA_DIGEST -> {
                checkDigest(dataDigest && dataLength > 0, "data");
                sink.end();
                header.clear();
                enter(Part.HEADER, Bhs.LENGTH);
            }
        }
    }

    private void enter(Part next, int length) {
        part = next;
        left = length;
    }

    // A digest goes least significant byte first (RFC 7143 section 13.1 and its examples).
    private void checkDigest(boolean present, String what) throws ProtocolException {
        int computed = (int) crc.getValue();
        crc.reset();
        if (present && Integer.reverseBytes(digest.getInt(0)) != computed) {
            throw new ProtocolException("a " + what + " digest is wrong");
        }
        digest.clear();
    }
}
