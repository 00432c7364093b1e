package lockstep.target.iscsi.pdu;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import org.jspecify.annotations.Nullable;

/// Cuts the byte stream into [Pdu]s, or ends it with one [PduFault]. A data segment that arrived in
/// one piece is handed on as a slice; one that spans several reads is gathered once, in a buffer of
/// its size, and that size was checked first.
public final class PduDecoder extends ChannelInboundHandlerAdapter {
    /// What the next bytes are.
    private enum State {
        /// The 48 bytes of a header.
        HEADER,
        /// Additional header segments and the header digest.
        HEADER_TAIL,
        /// Data segment, padding, data digest.
        DATA,
        /// Nothing any more: a fault was found.
        BROKEN
    }

    /// A slice keeps a whole receive buffer alive, so a segment smaller than this share of it is
    /// copied instead.
    private static final int SLICE_SHARE = 16;

    private static final int HEADER_TAIL_MAX = 255 * 4 + Digests.BYTES;

    private final byte[] tail = new byte[HEADER_TAIL_MAX];
    private byte[] headerBytes = new byte[PduHeader.BYTES];
    private PduHeader header = new PduHeader(headerBytes);
    private State state = State.HEADER;
    private int filled;
    private @Nullable ByteBuf gathering;
    private int dataBytesMax;
    private boolean headerDigest;
    private boolean dataDigest;

    /// A decoder without digests that takes data segments up to `dataBytesMax`.
    public PduDecoder(int dataBytesMax) {
        this.dataBytesMax = dataBytesMax;
    }

    /// What was negotiated; holds for the next PDU on.
    public void configure(int newDataBytesMax, boolean newHeaderDigest, boolean newDataDigest) {
        dataBytesMax = newDataBytesMax;
        headerDigest = newHeaderDigest;
        dataDigest = newDataDigest;
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        ByteBuf in = (ByteBuf) message;
        try {
            while (state != State.BROKEN && step(ctx, in)) {
                // Each step takes one part of a PDU.
            }
        } finally {
            in.release();
        }
    }

    @Override
    public void handlerRemoved(ChannelHandlerContext ctx) {
        drop();
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        drop();
        state = State.BROKEN;
        ctx.fireChannelInactive();
    }

    private void drop() {
        if (gathering != null) {
            gathering.release();
            gathering = null;
        }
    }

    /// Takes what one part of a PDU still needs; false if the input did not hold all of it.
    private boolean step(ChannelHandlerContext ctx, ByteBuf in) {
        return switch (state) {
            case HEADER -> {
                if (!fill(in, headerBytes, PduHeader.BYTES)) {
                    yield false;
                }
                headerComplete(ctx);
                yield true;
            }
            case HEADER_TAIL -> {
                if (!fill(in, tail, tailBytes())) {
                    yield false;
                }
                tailComplete(ctx);
                yield true;
            }
            case DATA -> data(ctx, in);
            case BROKEN -> false;
        };
    }

    private boolean fill(ByteBuf in, byte[] into, int wanted) {
        int take = Math.min(wanted - filled, in.readableBytes());
        in.readBytes(into, filled, take);
        filled += take;
        if (filled < wanted) {
            return false;
        }
        filled = 0;
        return true;
    }

    private int tailBytes() {
        return header.ahsBytes() + (headerDigest ? Digests.BYTES : 0);
    }

    private int padding() {
        return -header.dataBytes() & 3;
    }

    private int segmentBytes() {
        return header.dataBytes() + padding() + (dataDigest ? Digests.BYTES : 0);
    }

    private void headerComplete(ChannelHandlerContext ctx) {
        if (tailBytes() > 0) {
            state = State.HEADER_TAIL;
        } else {
            headerVerified(ctx);
        }
    }

    private void tailComplete(ChannelHandlerContext ctx) {
        int ahsBytes = header.ahsBytes();
        if (headerDigest && Digests.of(headerBytes, tail, ahsBytes) != little(tail, ahsBytes)) {
            fault(ctx, PduFault.Reason.HEADER_DIGEST);
        } else {
            headerVerified(ctx);
        }
    }

    private void headerVerified(ChannelHandlerContext ctx) {
        if (header.dataBytes() > dataBytesMax) {
            fault(ctx, PduFault.Reason.DATA_SEGMENT_TOO_LONG);
        } else if (header.dataBytes() == 0) {
            emit(ctx, Unpooled.EMPTY_BUFFER);
        } else {
            state = State.DATA;
        }
    }

    private boolean data(ChannelHandlerContext ctx, ByteBuf in) {
        int wanted = segmentBytes();
        if (gathering == null && in.readableBytes() >= wanted) {
            boolean slice = (long) wanted * SLICE_SHARE >= in.capacity();
            ByteBuf whole = slice ? in.readRetainedSlice(wanted) : in.readBytes(wanted);
            segmentComplete(ctx, whole);
            return true;
        }
        if (!in.isReadable()) {
            return false;
        }
        if (gathering == null) {
            gathering = ctx.alloc().directBuffer(wanted, wanted);
        }
        gathering.writeBytes(in, Math.min(gathering.writableBytes(), in.readableBytes()));
        if (gathering.isWritable()) {
            return false;
        }
        ByteBuf whole = gathering;
        gathering = null;
        segmentComplete(ctx, whole);
        return true;
    }

    private void segmentComplete(ChannelHandlerContext ctx, ByteBuf whole) {
        int covered = header.dataBytes() + padding();
        if (dataDigest
                && Digests.of(whole, whole.readerIndex(), covered, 0)
                        != whole.getIntLE(whole.readerIndex() + covered)) {
            whole.release();
            fault(ctx, PduFault.Reason.DATA_DIGEST);
            return;
        }
        whole.writerIndex(whole.readerIndex() + header.dataBytes());
        emit(ctx, whole);
    }

    private void emit(ChannelHandlerContext ctx, ByteBuf data) {
        Pdu pdu = new Pdu(header, data);
        headerBytes = new byte[PduHeader.BYTES];
        header = new PduHeader(headerBytes);
        state = State.HEADER;
        ctx.fireChannelRead(pdu);
    }

    private void fault(ChannelHandlerContext ctx, PduFault.Reason reason) {
        state = State.BROKEN;
        ctx.fireChannelRead(new PduFault(reason, header));
    }

    private static int little(byte[] bytes, int at) {
        return bytes[at] & 0xFF
                | (bytes[at + 1] & 0xFF) << 8
                | (bytes[at + 2] & 0xFF) << 16
                | bytes[at + 3] << 24;
    }
}
