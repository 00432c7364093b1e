package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufAllocator;
import io.netty.buffer.Unpooled;

import lockstep.blockstore.base.IoBuffer;
import lockstep.target.scsi.Buffers;

import java.nio.ByteBuffer;

/// The readable bytes of a Netty buffer as an [IoBuffer]; its references are the buffer's.
record NettyIoBuffer(ByteBuf bytes) implements IoBuffer {
    /// Buffers for reads, pooled and direct, whose bytes can be sent as they are.
    static Buffers from(ByteBufAllocator allocator) {
        return length -> {
            ByteBuf bytes = allocator.directBuffer(length, length);
            bytes.writerIndex(length);
            return new NettyIoBuffer(bytes);
        };
    }

    /// The first `length` bytes of `data` (handed over) as a Netty buffer.
    static ByteBuf toNetty(IoBuffer data, int length) {
        if (data instanceof NettyIoBuffer(ByteBuf bytes)) {
            return bytes.slice(bytes.readerIndex(), length);
        }
        ByteBuf wrapped = Unpooled.wrappedBuffer(data.view().limit(length)).copy();
        data.release();
        return wrapped;
    }

    @Override
    public int size() {
        return bytes.readableBytes();
    }

    @Override
    public ByteBuffer view() {
        return bytes.nioBuffer();
    }

    @Override
    public void retain() {
        bytes.retain();
    }

    @Override
    public void release() {
        bytes.release();
    }
}
