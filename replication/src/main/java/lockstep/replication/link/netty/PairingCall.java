package lockstep.replication.link.netty;

import io.netty.bootstrap.Bootstrap;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.Channel;
import io.netty.channel.ChannelFuture;
import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInitializer;
import io.netty.channel.ChannelOption;
import io.netty.channel.EventLoop;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.PairingCode;
import lockstep.replication.trust.PairingSession;
import lockstep.replication.wire.PairingMessage;
import lockstep.replication.wire.PairingMessage.Claim;
import lockstep.replication.wire.ProtocolViolation;

import org.jspecify.annotations.Nullable;

import java.net.InetSocketAddress;
import java.util.List;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLException;

/// The dialling end of pairing: connects to a node that gave out a code, proves to know it, and has
/// the node prove the same.
public final class PairingCall extends ByteToMessageDecoder {
    private static final int CALL_MILLIS = 10_000;

    /// The end of a call: one of the two, once, on the loop.
    public interface Result {
        /// `other` knows the code and holds `key`; it has pinned this node's.
        void paired(Claim other, Fingerprint key);

        /// Nothing came of it, as far as this side knows.
        void failed(String reason);
    }

    private final LinkSecurity security;
    private final PairingCode code;
    private final Claim own;
    private final Result result;
    private final SslHandler tls;
    private @Nullable PairingSession session;
    private boolean ended;

    private PairingCall(LinkSecurity security, PairingCode code, Claim own, Result result) {
        this.security = security;
        this.code = code;
        this.own = own;
        this.result = result;
        // Any key will do until the other side has proved itself.
        this.tls = security.tls().dialling(TlsEngines.PAIRING, (_, _) -> true);
    }

    /// Pairs with the node at `address`; `own` says who this node is.
    public static void dial(
            EventLoop loop,
            InetSocketAddress address,
            LinkSecurity security,
            PairingCode code,
            Claim own,
            Result result) {
        PairingCall call = new PairingCall(security, code, own, result);
        ChannelFuture connecting =
                new Bootstrap()
                        .group(loop)
                        .channel(SocketTypes.client(loop))
                        .option(ChannelOption.CONNECT_TIMEOUT_MILLIS, CALL_MILLIS)
                        .handler(
                                new ChannelInitializer<>() {
                                    @Override
                                    protected void initChannel(Channel channel) {
                                        channel.pipeline().addLast(call.tls, call);
                                    }
                                })
                        .connect(address);
        connecting.addListener(
                _ -> {
                    if (connecting.isSuccess()) {
                        loop.schedule(
                                () -> call.fail(connecting.channel(), "no answer in time"),
                                CALL_MILLIS,
                                TimeUnit.MILLISECONDS);
                    } else {
                        call.fail(connecting.channel(), String.valueOf(connecting.cause()));
                    }
                });
    }

    private void fail(Channel channel, String reason) {
        if (!ended) {
            ended = true;
            channel.close();
            result.failed(reason);
        }
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event)
            throws SSLException {
        if (event instanceof SslHandshakeCompletionEvent end) {
            if (end.isSuccess()) {
                PairingSession made = security.tls().pairing(tls);
                session = made;
                Claim proved = made.byDialler(code, own);
                context.writeAndFlush(Unpooled.wrappedBuffer(PairingMessage.encode(proved)));
            } else {
                fail(context.channel(), LinkGate.reason(end.cause()));
            }
        }
        context.fireUserEventTriggered(event);
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        PairingSession made = session;
        if (ended || made == null) {
            in.skipBytes(in.readableBytes());
            return;
        }
        try {
            PairingMessage message = PairingMessage.decode(in.nioBuffer());
            if (message != null) {
                in.skipBytes(in.readableBytes());
                answered(context.channel(), made, message);
            }
        } catch (ProtocolViolation violation) {
            in.skipBytes(in.readableBytes());
            fail(context.channel(), String.valueOf(violation.getMessage()));
        }
    }

    private void answered(Channel channel, PairingSession made, PairingMessage message) {
        switch (message) {
            case PairingMessage.Accepted(Claim other) -> {
                if (made.provesListener(code, other)) {
                    ended = true;
                    channel.close();
                    result.paired(other, made.listener());
                } else {
                    fail(channel, "whoever answers does not know the code");
                }
            }
            case PairingMessage.Refused(String text) -> fail(channel, "it was refused: " + text);
            case Claim _ -> fail(channel, "a claim was answered with a claim");
        }
    }

    @Override
    public void exceptionCaught(ChannelHandlerContext context, Throwable cause) {
        fail(context.channel(), LinkGate.reason(cause));
    }

    @Override
    public void channelInactive(ChannelHandlerContext context) throws Exception {
        super.channelInactive(context);
        fail(context.channel(), "the other side closed the connection");
    }
}
