package lockstep.replication.link.netty;

import io.netty.buffer.ByteBuf;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;
import io.netty.handler.ssl.SslHandler;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.util.List;

/// Tells by its first byte whether an accepted connection speaks TLS (a handshake record, RFC 8446
/// §5.1) or sends frames as they are, which begin with a length below 2^24. Sets up what is needed
/// for the one, lets the other pass where that is allowed, and goes.
final class FirstByte extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(FirstByte.class);
    private static final int HANDSHAKE_RECORD = 0x16;

    private final LinkSecurity security;
    private final NettyConnection connection;

    FirstByte(LinkSecurity security, NettyConnection connection) {
        this.security = security;
        this.connection = connection;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        if (in.getByte(in.readerIndex()) == HANDSHAKE_RECORD) {
            SslHandler tls = security.accepting();
            LinkGate gate = new LinkGate(security, tls, connection);
            context.pipeline().addAfter(context.name(), "gate", gate);
            context.pipeline().addAfter(context.name(), "tls", tls);
            context.pipeline().remove(this);
        } else if (security.takesPlaintext(context.channel().remoteAddress())) {
            context.pipeline().remove(this);
        } else {
            LOG.warn(
                    "refused {}: links are encrypted here, and this one is not",
                    context.channel().remoteAddress());
            in.skipBytes(in.readableBytes());
            connection.close("plaintext is refused");
        }
    }
}
