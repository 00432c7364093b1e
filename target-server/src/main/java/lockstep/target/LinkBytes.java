package lockstep.target;

import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelDuplexHandler;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelPipeline;
import io.netty.channel.ChannelPromise;

/// Counts what crosses the links to partners: TCP payload, as it stands next to the socket.
final class LinkBytes {
    private final Meter in;
    private final Meter out;

    LinkBytes(MetricRegistry metrics) {
        this.in = metrics.meter("link.bytes-in");
        this.out = metrics.meter("link.bytes-out");
    }

    /// Adds the counter to the pipeline of a new connection.
    void count(ChannelPipeline pipeline) {
        pipeline.addLast(new Counter());
    }

    private final class Counter extends ChannelDuplexHandler {
        @Override
        public void channelRead(ChannelHandlerContext context, Object message) {
            if (message instanceof ByteBuf bytes) {
                in.mark(bytes.readableBytes());
            }
            context.fireChannelRead(message);
        }

        @Override
        public void write(ChannelHandlerContext context, Object message, ChannelPromise promise) {
            if (message instanceof ByteBuf bytes) {
                out.mark(bytes.readableBytes());
            }
            context.write(message, promise);
        }
    }
}
