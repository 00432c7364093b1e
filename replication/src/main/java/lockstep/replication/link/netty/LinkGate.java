package lockstep.replication.link.netty;

import io.netty.channel.ChannelHandlerContext;
import io.netty.channel.ChannelInboundHandlerAdapter;
import io.netty.handler.ssl.SslHandler;
import io.netty.handler.ssl.SslHandshakeCompletionEvent;

import lockstep.replication.trust.Fingerprint;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import javax.net.ssl.SSLException;

/// Stands behind TLS until its handshake has ended: looks at the key once more, tells the
/// connection whose it is, and goes; or, on a connection for pairing, makes room for that.
final class LinkGate extends ChannelInboundHandlerAdapter {
    private static final Logger LOG = LoggerFactory.getLogger(LinkGate.class);

    private final LinkSecurity security;
    private final SslHandler tls;
    private final NettyConnection connection;

    LinkGate(LinkSecurity security, SslHandler tls, NettyConnection connection) {
        this.security = security;
        this.tls = tls;
        this.connection = connection;
    }

    @Override
    public void userEventTriggered(ChannelHandlerContext context, Object event)
            throws SSLException {
        if (event instanceof SslHandshakeCompletionEvent end) {
            if (end.isSuccess()) {
                passed(context);
            } else {
                refuse(context, reason(end.cause()));
            }
        }
        context.fireUserEventTriggered(event);
    }

    private void passed(ChannelHandlerContext context) throws SSLException {
        Fingerprint key = TlsEngines.peerKey(tls);
        String protocol = tls.engine().getApplicationProtocol();
        if (TlsEngines.PAIRING.equals(protocol) && !tls.engine().getUseClientMode()) {
            PairingHost host = new PairingHost(security.desk(), security.tls().pairing(tls));
            context.pipeline().addAfter(context.name(), "pairing", host);
        } else if (TlsEngines.LINK.equals(protocol) && security.pins().knows(key)) {
            connection.proved(key);
        } else {
            refuse(context, "key " + key + " is not pinned here, or not for a link");
            return;
        }
        context.pipeline().remove(this);
    }

    private void refuse(ChannelHandlerContext context, String why) {
        LOG.warn("no link with {}: {}", context.channel().remoteAddress(), why);
        connection.close(why);
    }

    // What the trust manager said is wrapped in what TLS made of it.
    static String reason(Throwable failure) {
        Throwable cause = failure;
        while (cause.getCause() != null) {
            cause = cause.getCause();
        }
        return "TLS: " + (cause.getMessage() == null ? cause.toString() : cause.getMessage());
    }
}
