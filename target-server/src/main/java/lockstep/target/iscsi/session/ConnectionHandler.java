package lockstep.target.iscsi.session;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;

import lockstep.blockstore.base.Fatal;
import lockstep.blockstore.io.EventLoop;
import lockstep.target.iscsi.pdu.Pdu;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.io.IOException;
import java.util.concurrent.RejectedExecutionException;

/// The door between a channel and its [Connection]: on the channel's loop here, on the target's
/// loop there. With the default deployment both are one and everything is a plain call; else each
/// event hops, in order. What is thrown behind the door closes this channel and no other.
final class ConnectionHandler extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(ConnectionHandler.class);

    private final EventLoop loop;
    private final Connection connection;

    ConnectionHandler(EventLoop loop, Connection connection) {
        this.loop = loop;
        this.connection = connection;
    }

    @Override
    public void channelActive(ChannelHandlerContext ctx) {
        hop(ctx, connection::opened);
    }

    @Override
    public void channelInactive(ChannelHandlerContext ctx) {
        hop(ctx, connection::closed);
    }

    @Override
    public void channelRead(ChannelHandlerContext ctx, Object message) {
        try {
            hop(ctx, () -> connection.receive(message));
        } catch (RejectedExecutionException stopped) {
            if (message instanceof Pdu pdu) {
                pdu.release();
            }
            ctx.close();
        }
    }

    @Override
    public void channelReadComplete(ChannelHandlerContext ctx) {
        hop(ctx, connection::readComplete);
    }

    /// While the initiator does not take its answers nothing more is read from it.
    @Override
    public void channelWritabilityChanged(ChannelHandlerContext ctx) {
        ctx.channel().config().setAutoRead(ctx.channel().isWritable());
        hop(ctx, connection::writabilityChanged);
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext ctx, Throwable cause) {
        if (cause instanceof IOException) {
            LOG.warn("{} closed: {}", ctx.channel().remoteAddress(), cause.toString());
        } else {
            LOG.error("{} closed by a failure of ours", ctx.channel().remoteAddress(), cause);
        }
        ctx.close();
    }

    private void hop(ChannelHandlerContext ctx, Runnable event) {
        if (loop.inLoop()) {
            guarded(ctx, event);
        } else {
            loop.execute(() -> guarded(ctx, event));
        }
    }

    private static void guarded(ChannelHandlerContext ctx, Runnable event) {
        try {
            event.run();
        } catch (RuntimeException | Error failure) {
            LOG.error("{} closed by a failure of ours", ctx.channel().remoteAddress(), failure);
            ctx.close();
            if (Fatal.is(failure)) {
                // What it has left half done is not only this connection's.
                Fatal.tell(failure);
            }
        }
    }
}
