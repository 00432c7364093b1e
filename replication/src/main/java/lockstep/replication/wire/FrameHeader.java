package lockstep.replication.wire;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.VolumeId;

import java.nio.ByteBuffer;

/// The 32 bytes before each payload. All numbers are big-endian.
///
/// ```
///  0        4    5     6     8                24            28         32
///  +--------+----+-----+-----+----------------+-------------+----------+
///  | length |type|flags|  0  | volume id (16) | payload crc |header crc|
///  +--------+----+-----+-----+----------------+-------------+----------+
/// ```
///
/// `length` is that of the payload alone. `header crc` covers bytes 0..27, so that a length is
/// believed only after it is known to be what the peer wrote. The payload's checksum stands in the
/// header: a header is thereby bound to its payload. Flags and the two spare bytes are zero in V1
/// and refused otherwise.
record FrameHeader(MessageType type, VolumeId volume, int payloadLength, int payloadCrc) {
    /// Bytes of a header.
    static final int SIZE = 32;

    private static final int VOLUME_AT = 8;
    private static final int PAYLOAD_CRC_AT = 24;
    private static final int HEADER_CRC_AT = 28;

    /// Writes this header at absolute index `at` of `out`.
    void encode(ByteBuffer out, int at) {
        out.putInt(at, payloadLength);
        out.put(at + 4, (byte) type.code());
        out.put(at + 5, (byte) 0);
        out.putShort(at + 6, (short) 0);
        out.putLong(at + VOLUME_AT, volume.high());
        out.putLong(at + VOLUME_AT + 8, volume.low());
        out.putInt(at + PAYLOAD_CRC_AT, payloadCrc);
        out.putInt(at + HEADER_CRC_AT, Crc32c.of(out, at, HEADER_CRC_AT));
    }

    /// Reads and checks the header at absolute index `at`; refuses a payload longer than
    /// `payloadLimit`.
    static FrameHeader decode(ByteBuffer in, int at, int payloadLimit) {
        if (in.getInt(at + HEADER_CRC_AT) != Crc32c.of(in, at, HEADER_CRC_AT)) {
            throw new ProtocolViolation("frame header checksum is wrong");
        }
        int length = in.getInt(at);
        if (length < 0 || length > payloadLimit) {
            throw new ProtocolViolation(
                    "frame of "
                            + Integer.toUnsignedString(length)
                            + " bytes, limit "
                            + payloadLimit);
        }
        if (in.get(at + 5) != 0 || in.getShort(at + 6) != 0) {
            throw new ProtocolViolation("flags that this version does not know");
        }
        MessageType type = MessageType.of(in.get(at + 4) & 0xff);
        VolumeId volume = new VolumeId(in.getLong(at + VOLUME_AT), in.getLong(at + VOLUME_AT + 8));
        if (type.isLinkLevel() != volume.equals(MessageCodec.LINK)) {
            throw new ProtocolViolation(type + " for volume " + volume);
        }
        return new FrameHeader(type, volume, length, in.getInt(at + PAYLOAD_CRC_AT));
    }
}
