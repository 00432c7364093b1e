package lockstep.target.iscsi.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;

/// Puts PDUs on a channel, with the digests that were negotiated, without flushing. A data segment
/// travels as it is; only a short one is copied behind its header, which saves a gather entry.
public final class PduWriter {
    private static final int COPY_MAX = 256;

    private final Channel channel;
    private boolean headerDigest;
    private boolean dataDigest;

    /// A writer on `channel`, without digests.
    public PduWriter(Channel channel) {
        this.channel = channel;
    }

    /// What was negotiated; holds for the next PDU on.
    public void configure(boolean newHeaderDigest, boolean newDataDigest) {
        headerDigest = newHeaderDigest;
        dataDigest = newDataDigest;
    }

    /// Writes a PDU without a data segment.
    public void write(PduHeader header) {
        write(header, Unpooled.EMPTY_BUFFER);
    }

    /// Writes a PDU whose data segment is all of `data`, of which one reference is handed over. A
    /// failed write closes the channel, which is where failures are seen.
    public void write(PduHeader header, ByteBuf data) {
        int length = data.readableBytes();
        boolean copied = length <= COPY_MAX;
        int room = PduHeader.BYTES + Digests.BYTES + (copied ? length + 3 + Digests.BYTES : 0);
        ByteBuf front = channel.alloc().directBuffer(room, room);
        header.putDataBytes(length);
        front.writeBytes(header.array());
        if (headerDigest) {
            front.writeIntLE(Digests.of(header.array(), header.array(), 0));
        }
        if (length == 0) {
            data.release();
            channel.write(front, channel.voidPromise());
            return;
        }
        if (copied) {
            int digest = digest(data);
            front.writeBytes(data);
            data.release();
            trailer(front, length, digest);
            channel.write(front, channel.voidPromise());
        } else {
            writeApart(front, data);
        }
    }

    private void writeApart(ByteBuf front, ByteBuf data) {
        int length = data.readableBytes();
        int digest = digest(data);
        channel.write(front, channel.voidPromise());
        channel.write(data, channel.voidPromise());
        if ((length & 3) != 0 || dataDigest) {
            ByteBuf back = channel.alloc().directBuffer(3 + Digests.BYTES);
            trailer(back, length, digest);
            channel.write(back, channel.voidPromise());
        }
    }

    private int digest(ByteBuf data) {
        int length = data.readableBytes();
        return dataDigest ? Digests.of(data, data.readerIndex(), length, -length & 3) : 0;
    }

    private void trailer(ByteBuf to, int length, int digest) {
        to.writeZero(-length & 3);
        if (dataDigest) {
            to.writeIntLE(digest);
        }
    }

    /// Flushes, and closes the channel when all that was written is out.
    public ChannelFuture closeAfterFlush() {
        ChannelFuture last = channel.writeAndFlush(Unpooled.EMPTY_BUFFER);
        return last.addListener(_ -> channel.close());
    }
}
