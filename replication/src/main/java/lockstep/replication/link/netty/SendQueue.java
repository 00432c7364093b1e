package lockstep.replication.link.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.Channel;
import io.netty.channel.ChannelOutboundBuffer;

import java.util.ArrayDeque;
import java.util.Queue;

/// What a connection has to send, in order, and how much of it is let into the socket at a time:
/// little, so that a heartbeat, which goes past all that waits here, never stands behind megabytes
/// of blocks. On a slow link those alone would take longer than a peer waits for an answer.
final class SendQueue {
    /// Bytes handed on and not taken by the socket, from which on nothing more is handed on; the
    /// channel calls itself writable below that.
    static final int HANDED_BYTES = 256 << 10;

    /// Bytes handed on in one turn of the loop; what TLS computes for them takes its time too.
    private static final long TURN_BYTES = 1 << 20;

    private final Channel channel;
    private final Queue<ByteBuf> waiting = new ArrayDeque<>();
    private long waitingBytes;
    private long handedBytes;

    SendQueue(Channel channel) {
        this.channel = channel;
    }

    /// Takes `frame` over. It leaves behind all that came before it.
    void add(ByteBuf frame) {
        waiting.add(frame);
        waitingBytes += frame.readableBytes();
    }

    /// Takes `frame` over. It leaves as soon as it can.
    void addFirst(ByteBuf frame) {
        hand(frame);
    }

    private void hand(ByteBuf frame) {
        handedBytes += frame.readableBytes();
        channel.write(frame, channel.voidPromise());
    }

    /// Bytes that have not left this node.
    long bytes() {
        return waitingBytes + handedBytes + outbound();
    }

    // Behind TLS, what was handed on is not in there before it is flushed.
    private long outbound() {
        ChannelOutboundBuffer queue = channel.unsafe().outboundBuffer();
        return queue == null ? 0 : queue.totalPendingWriteBytes();
    }

    /// Hands on what fits and has the socket take it; true if the loop has to come back for more
    /// without being told that the channel is writable again.
    boolean pump() {
        long turn = 0;
        do {
            while (!waiting.isEmpty() && handedBytes + outbound() < HANDED_BYTES) {
                ByteBuf frame = waiting.remove();
                waitingBytes -= frame.readableBytes();
                turn += frame.readableBytes();
                hand(frame);
            }
            flush();
        } while (!waiting.isEmpty() && outbound() < HANDED_BYTES && turn < TURN_BYTES);
        return !waiting.isEmpty() && outbound() < HANDED_BYTES;
    }

    private void flush() {
        handedBytes = 0;
        channel.flush();
    }

    /// Hands all of it on: the connection is about to be closed.
    void handAll() {
        while (!waiting.isEmpty()) {
            hand(waiting.remove());
        }
        waitingBytes = 0;
        flush();
    }

    /// Gives up what waits: the connection is over.
    void drop() {
        waiting.forEach(ByteBuf::release);
        waiting.clear();
        waitingBytes = 0;
    }
}
