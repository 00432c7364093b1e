package lockstep.replication.wire;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.VolumeId;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Messages to frames and back; the layouts are drawn in `PROTOCOL.md`. Encoding copies the lent
/// buffers of a message once, into the frame that goes to the socket; decoding copies nothing.
public final class MessageCodec {
    /// The volume id of messages that concern the link itself.
    public static final VolumeId LINK = new VolumeId(0, 0);

    /// Bytes of a frame's header.
    public static final int HEADER_BYTES = FrameHeader.SIZE;

    /// Bytes of a payload, at most: the largest log entry (16 MiB) and room around it.
    public static final int MAX_PAYLOAD_BYTES = (16 << 20) + (64 << 10);

    /// Bytes of a payload, at most, before the two sides have agreed on a version.
    public static final int MAX_HANDSHAKE_BYTES = 512;

    /// Bytes of a volume's root record, at most.
    public static final int MAX_ROOT_BYTES = 16 << 10;

    /// Entries in one frame, at most.
    public static final int MAX_ENTRIES = 0xffff;

    /// Runs in one frame, at most.
    public static final int MAX_RUNS = 0xffff;

    private MessageCodec() {}

    /// Bytes of the whole frame that [#encode] will write.
    public static int frameBytes(Message borrowed) {
        WireWriter counter = new WireWriter(null);
        PayloadEncoder.encode(borrowed, counter);
        Check.that(
                counter.length() <= MAX_PAYLOAD_BYTES,
                "a message fits a frame",
                counter.length(),
                MAX_PAYLOAD_BYTES);
        return HEADER_BYTES + counter.length();
    }

    /// Writes the frame of `borrowed` at the position of `out` and moves it behind. `volume` is
    /// [#LINK] exactly for a [LinkMessage].
    public static void encode(VolumeId volume, Message borrowed, ByteBuffer out) {
        MessageType type = PayloadEncoder.typeOf(borrowed);
        Check.that(
                type.isLinkLevel() == volume.equals(LINK), "only link messages have no volume id");
        int start = out.position();
        int payloadStart = start + HEADER_BYTES;
        out.position(payloadStart);
        PayloadEncoder.encode(borrowed, new WireWriter(out));
        int length = out.position() - payloadStart;
        int crc = Crc32c.of(out, payloadStart, length);
        new FrameHeader(type, volume, length, crc).encode(out, start);
    }

    /// The frame of one message in a buffer of its own.
    public static ByteBuffer encode(VolumeId volume, Message borrowed) {
        ByteBuffer frame = ByteBuffer.allocate(frameBytes(borrowed));
        encode(volume, borrowed, frame);
        return frame.flip();
    }

    /// What people call messages of the kind of `borrowed`: like `cp-data`.
    public static String nameOf(Message borrowed) {
        return name(PayloadEncoder.typeOf(borrowed));
    }

    /// The names of all messages about a volume.
    public static List<String> volumeMessages() {
        return Arrays.stream(MessageType.values())
                .filter(type -> !type.isLinkLevel())
                .map(MessageCodec::name)
                .toList();
    }

    private static String name(MessageType type) {
        return type.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// The message in a payload whose checksum was found right. Buffers in it are views of
    /// `borrowed`.
    static Message decode(MessageType type, ByteBuffer borrowed) {
        WireReader in = new WireReader(borrowed);
        Message message = PayloadDecoder.decode(type, in);
        in.end();
        return message;
    }
}
