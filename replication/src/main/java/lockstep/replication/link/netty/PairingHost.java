package lockstep.replication.link.netty;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.ChannelFutureListener;
import io.netty.channel.ChannelHandlerContext;
import io.netty.handler.codec.ByteToMessageDecoder;

import lockstep.replication.trust.PairingDesk;
import lockstep.replication.trust.PairingSession;
import lockstep.replication.wire.PairingMessage;
import lockstep.replication.wire.ProtocolViolation;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import java.nio.ByteBuffer;
import java.util.List;

/// The listening end of a connection for pairing: one claim, one answer. It has the time of a
/// handshake, like whoever dials.
final class PairingHost extends ByteToMessageDecoder {
    private static final Logger LOG = LoggerFactory.getLogger(PairingHost.class);

    private final PairingDesk desk;
    private final PairingSession session;
    private boolean asked;

    PairingHost(PairingDesk desk, PairingSession session) {
        this.desk = desk;
        this.session = session;
    }

    @Override
    protected void decode(ChannelHandlerContext context, ByteBuf in, List<Object> out) {
        try {
            PairingMessage message = asked ? null : PairingMessage.decode(in.nioBuffer());
            if (message instanceof PairingMessage.Claim claim) {
                asked = true;
                in.skipBytes(in.readableBytes());
                LOG.info("{} asks to pair as {}", context.channel().remoteAddress(), claim);
                desk.claimed(session, claim, answer -> answer(context, answer));
            } else if (asked || message != null || in.readableBytes() > PairingMessage.MAX_BYTES) {
                throw new ProtocolViolation("who wants to pair claims, once");
            }
        } catch (ProtocolViolation violation) {
            LOG.warn(
                    "{} cannot pair: {}",
                    context.channel().remoteAddress(),
                    violation.getMessage());
            in.skipBytes(in.readableBytes());
            context.close();
        }
    }

    private static void answer(ChannelHandlerContext context, PairingMessage answer) {
        ByteBuffer frame = PairingMessage.encode(answer);
        context.writeAndFlush(Unpooled.wrappedBuffer(frame))
                .addListener(ChannelFutureListener.CLOSE);
    }
}
