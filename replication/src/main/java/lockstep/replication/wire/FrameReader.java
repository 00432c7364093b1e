package lockstep.replication.wire;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Cuts the bytes of one connection into messages. Until the first message, which must be one of
/// the handshake, frames are limited to a few hundred bytes, so that a stranger cannot make a node
/// hold more than that.
public final class FrameReader {
    private int payloadLimit = MessageCodec.MAX_HANDSHAKE_BYTES;
    private boolean handshakeSeen;

    /// A reader of frames that follow a handshake which another one has read.
    public static FrameReader afterHandshake() {
        FrameReader reader = new FrameReader();
        reader.handshakeSeen = true;
        reader.payloadLimit = MessageCodec.MAX_PAYLOAD_BYTES;
        return reader;
    }

    /// A message and the volume it is for.
    public record Frame(VolumeId volume, Message message) {}

    /// The next message of `borrowed`, whose position moves behind it; null when its bytes are not
    /// all there, and then [#bytesNeeded] tells how many would be. Buffers in the message are views
    /// of `borrowed`. Throws [ProtocolViolation]; the connection is then of no more use.
    public @Nullable Frame next(ByteBuffer borrowed) {
        int available = borrowed.remaining();
        if (available < FrameHeader.SIZE) {
            return null;
        }
        int start = borrowed.position();
        FrameHeader header = FrameHeader.decode(borrowed, start, payloadLimit);
        requireHandshakeFirst(header.type());
        if (available < FrameHeader.SIZE + header.payloadLength()) {
            return null;
        }
        int payloadStart = start + FrameHeader.SIZE;
        if (Crc32c.of(borrowed, payloadStart, header.payloadLength()) != header.payloadCrc()) {
            throw new ProtocolViolation("payload checksum of " + header.type() + " is wrong");
        }
        ByteBuffer payload = borrowed.slice(payloadStart, header.payloadLength());
        Message message = MessageCodec.decode(header.type(), payload);
        borrowed.position(payloadStart + header.payloadLength());
        handshakeSeen = true;
        payloadLimit = MessageCodec.MAX_PAYLOAD_BYTES;
        return new Frame(header.volume(), message);
    }

    /// How many bytes from the position of `borrowed` on the next message takes, as far as can be
    /// told: that of a header until the header is there. Call it after [#next] gave null.
    public int bytesNeeded(ByteBuffer borrowed) {
        return borrowed.remaining() < FrameHeader.SIZE
                ? FrameHeader.SIZE
                : FrameHeader.SIZE + borrowed.getInt(borrowed.position());
    }

    private void requireHandshakeFirst(MessageType type) {
        if (!handshakeSeen && !type.isHandshake()) {
            throw new ProtocolViolation(type + " before the handshake");
        }
    }
}
