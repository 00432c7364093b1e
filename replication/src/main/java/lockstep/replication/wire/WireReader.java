package lockstep.replication.wire;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// Reads the fields of a payload. Every method checks what it is about to read and throws
/// [ProtocolViolation]; nothing else leaves this class, whatever the bytes are.
final class WireReader {
    /// Block numbers end here: 2^48 blocks are an exabyte, and a sum of two never overflows.
    static final long VBN_LIMIT = 1L << 48;

    private final ByteBuffer in;

    /// Reads `borrowed` from its position to its limit.
    WireReader(ByteBuffer borrowed) {
        this.in = borrowed.slice();
    }

    int remaining() {
        return in.remaining();
    }

    int u8() {
        require(1);
        return in.get() & 0xff;
    }

    int u16() {
        require(2);
        return in.getShort() & 0xffff;
    }

    /// A count or a length: what does not fit an int is refused.
    int u32() {
        require(4);
        int value = in.getInt();
        if (value < 0) {
            throw new ProtocolViolation("count " + Integer.toUnsignedString(value));
        }
        return value;
    }

    /// Four bytes that are no count.
    int i32() {
        require(4);
        return in.getInt();
    }

    long i64() {
        require(8);
        return in.getLong();
    }

    /// A number that only grows from zero: sequences, counts.
    long u63() {
        long value = i64();
        if (value < 0) {
            throw new ProtocolViolation("number " + Long.toUnsignedString(value));
        }
        return value;
    }

    Epoch epoch() {
        return new Epoch(u32(), i64());
    }

    CpId cp() {
        return new CpId(epoch(), u63());
    }

    Position position() {
        return new Position(epoch(), u63());
    }

    UUID uuid() {
        return new UUID(i64(), i64());
    }

    /// `vbn`, checked as the start of `blocks` blocks.
    static long vbnOfRun(long vbn, int blocks) {
        if (blocks <= 0 || vbn < 0 || vbn > VBN_LIMIT - blocks) {
            throw new ProtocolViolation(blocks + " blocks at block number " + vbn);
        }
        return vbn;
    }

    String text(int maxBytes) {
        int length = u16();
        if (length > maxBytes) {
            throw new ProtocolViolation("text of " + length + " bytes, limit " + maxBytes);
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes(length)).toString();
        } catch (CharacterCodingException e) {
            throw new ProtocolViolation("text is not UTF-8");
        }
    }

    /// A view of the next `length` bytes.
    ByteBuffer bytes(int length) {
        require(length);
        ByteBuffer view = in.slice(in.position(), length);
        in.position(in.position() + length);
        return view;
    }

    /// A view of all that is left.
    ByteBuffer rest() {
        return bytes(in.remaining());
    }

    /// Refuses bytes behind the last field.
    void end() {
        if (in.hasRemaining()) {
            throw new ProtocolViolation(in.remaining() + " bytes behind the message");
        }
    }

    private void require(int bytes) {
        if (bytes < 0 || in.remaining() < bytes) {
            throw new ProtocolViolation(
                    "message ends " + (bytes - in.remaining()) + " bytes early");
        }
    }
}
