package lockstep.target.iscsi.session;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;

import lockstep.blockstore.io.EventLoop;
import lockstep.target.iscsi.login.SessionParameters;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.Deque;

/// Sends read data as Data-In PDUs: cut by what the initiator takes in one PDU and by
/// MaxBurstLength, slices of one buffer, GOOD on the last (phase collapse).
///
/// At most [#AHEAD] bytes and one PDU of it lie in the channel; the rest waits here, in order. So
/// an answer to a ping, or a status, never stands behind megabytes of other commands' data, and the
/// channel stays readable meanwhile. When the channel has sent a part of what it has, more follows.
final class DataIn {
    /// Bytes in the channel beyond which data waits here.
    static final int AHEAD = 1 << 20;

    private interface Waiting {
        /// Sends one PDU; whether nothing of it is left.
        boolean next();

        void drop();
    }

    private final Responses responses;
    private final Channel channel;
    private final EventLoop loop;
    private final Runnable idle;
    private final int segmentMax;
    private final int burstMax;
    private final int room;
    private final Deque<Waiting> queue = new ArrayDeque<>();
    private boolean marked;
    private boolean pumping;

    /// Sends on `channel`; `idle` is called whenever nothing waits here any more.
    DataIn(
            Responses responses,
            Channel channel,
            EventLoop loop,
            SessionParameters parameters,
            Runnable idle) {
        this.responses = responses;
        this.channel = channel;
        this.loop = loop;
        this.idle = idle;
        this.segmentMax = parameters.initiatorSegmentMax();
        this.burstMax = parameters.burstMax();
        this.room = Math.max(0, channel.config().getWriteBufferHighWaterMark() - AHEAD);
    }

    /// Sends all of `data` (handed over, not empty) and the status; `sent` runs when the last of it
    /// is in the channel.
    void send(int taskTag, ByteBuf data, Responses.Residual residual, Runnable sent) {
        Transfer transfer = new Transfer(taskTag, data, residual, sent);
        boolean atOnce = queue.isEmpty();
        while (atOnce && hasRoom()) {
            if (transfer.next()) {
                return;
            }
        }
        queue.add(transfer);
        mark();
    }

    /// Runs `action` when all that waits now is in the channel.
    void after(Runnable action) {
        if (queue.isEmpty()) {
            action.run();
        } else {
            queue.add(new Action(action));
        }
    }

    /// Whether nothing waits.
    boolean isIdle() {
        return queue.isEmpty();
    }

    /// The connection is gone.
    void drop() {
        while (!queue.isEmpty()) {
            queue.remove().drop();
        }
    }

    private boolean hasRoom() {
        return channel.bytesBeforeUnwritable() > room;
    }

    /// A mark that the channel passes at once comes back in here while this goes on; then nothing
    /// is to be done but what the loop below does anyway.
    private void pump() {
        if (pumping || queue.isEmpty()) {
            return;
        }
        pumping = true;
        try {
            while (!queue.isEmpty() && hasRoom()) {
                Waiting first = queue.element();
                if (first.next()) {
                    // Not if the connection ended on the way and all was dropped.
                    queue.removeFirstOccurrence(first);
                }
                if (!queue.isEmpty()) {
                    mark();
                }
            }
        } finally {
            pumping = false;
        }
        if (queue.isEmpty()) {
            idle.run();
        } else {
            mark();
        }
    }

    /// Leaves a mark in the channel behind what was written so far; when the channel gets there,
    /// more is written. Marked after the first PDU of several, the channel never runs dry.
    private void mark() {
        if (!marked && channel.isActive()) {
            marked = true;
            channel.writeAndFlush(Unpooled.EMPTY_BUFFER).addListener(_ -> passed());
        }
    }

    private void passed() {
        if (loop.inLoop()) {
            marked = false;
            pump();
        } else {
            loop.execute(
                    () -> {
                        marked = false;
                        pump();
                    });
        }
    }

    /// Something to do in its turn.
    private record Action(Runnable action) implements Waiting {
        @Override
        public boolean next() {
            action.run();
            return true;
        }

        @Override
        public void drop() {}
    }

    /// The data of one command.
    private final class Transfer implements Waiting {
        private final int taskTag;
        private final Responses.Residual residual;
        private final Runnable sent;
        private final int total;
        private @Nullable ByteBuf data;
        private int offset;
        private int number;
        private int burstLeft = burstMax;

        Transfer(int taskTag, ByteBuf data, Responses.Residual residual, Runnable sent) {
            this.taskTag = taskTag;
            this.data = data;
            this.residual = residual;
            this.sent = sent;
            this.total = data.readableBytes();
        }

        @Override
        public boolean next() {
            ByteBuf whole = data;
            if (whole == null) {
                return true;
            }
            int length = Math.min(segmentMax, burstLeft);
            if (total - offset <= length) {
                data = null;
                ByteBuf last = whole.slice(whole.readerIndex() + offset, total - offset);
                responses.dataInWithStatus(taskTag, number, offset, residual, last);
                sent.run();
                return true;
            }
            burstLeft -= length;
            boolean burstEnds = burstLeft == 0;
            ByteBuf part = whole.retainedSlice(whole.readerIndex() + offset, length);
            responses.dataIn(taskTag, number, offset, burstEnds, part);
            burstLeft = burstEnds ? burstMax : burstLeft;
            offset += length;
            number++;
            return false;
        }

        @Override
        public void drop() {
            ByteBuf whole = data;
            data = null;
            if (whole != null) {
                whole.release();
            }
        }
    }
}
