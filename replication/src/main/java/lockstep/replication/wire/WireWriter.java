package lockstep.replication.wire;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/// Writes the fields of a payload; without a buffer it only counts, so that the length of a message
/// and its bytes come from the same code.
final class WireWriter {
    private final @Nullable ByteBuffer out;
    private int length;

    /// Writes at the position of `out`; with null it counts.
    WireWriter(@Nullable ByteBuffer out) {
        this.out = out;
    }

    /// Bytes written or counted.
    int length() {
        return length;
    }

    WireWriter u8(int value) {
        Check.that(value >= 0 && value <= 0xff, "a u8 on the wire fits", value, 0xff);
        if (out != null) {
            out.put((byte) value);
        }
        length += 1;
        return this;
    }

    WireWriter u16(int value) {
        Check.that(value >= 0 && value <= 0xffff, "a u16 on the wire fits", value, 0xffff);
        if (out != null) {
            out.putShort((short) value);
        }
        length += 2;
        return this;
    }

    WireWriter u32(int value) {
        Check.that(value >= 0, "a count on the wire is not negative", value, 0);
        if (out != null) {
            out.putInt(value);
        }
        length += 4;
        return this;
    }

    WireWriter i32(int value) {
        if (out != null) {
            out.putInt(value);
        }
        length += 4;
        return this;
    }

    WireWriter i64(long value) {
        if (out != null) {
            out.putLong(value);
        }
        length += 8;
        return this;
    }

    WireWriter epoch(Epoch epoch) {
        return u32(epoch.counter()).i64(epoch.node());
    }

    WireWriter cp(CpId cp) {
        return epoch(cp.epoch()).i64(cp.count());
    }

    WireWriter position(Position position) {
        return epoch(position.epoch()).i64(position.sequence());
    }

    WireWriter uuid(UUID uuid) {
        return i64(uuid.getMostSignificantBits()).i64(uuid.getLeastSignificantBits());
    }

    /// UTF-8 behind its length in two bytes; what is longer than `maxBytes` is cut at a character.
    WireWriter text(String text, int maxBytes) {
        String cut = text;
        byte[] bytes = cut.getBytes(StandardCharsets.UTF_8);
        while (bytes.length > maxBytes) {
            cut = cut.substring(0, cut.offsetByCodePoints(cut.length(), -1));
            bytes = cut.getBytes(StandardCharsets.UTF_8);
        }
        u16(bytes.length);
        if (out != null) {
            out.put(bytes);
        }
        length += bytes.length;
        return this;
    }

    /// The bytes of `borrowed` from its position to its limit, which stay as they are.
    WireWriter bytes(ByteBuffer borrowed) {
        if (out != null) {
            out.put(borrowed.duplicate());
        }
        length = Math.addExact(length, borrowed.remaining());
        return this;
    }
}
