package lockstep.target.scsi;

import java.nio.ByteBuffer;

/// The bytes of a command descriptor block, big endian, and unsigned readers for them. Sixteen
/// bytes always: a shorter CDB is followed by bytes that nobody looks at.
public record Cdb(ByteBuffer bytes) {
    /// The longest CDB this device takes.
    public static final int BYTES = 16;

    /// The CDB in `bytes`, which it keeps.
    public static Cdb of(byte[] bytes) {
        return new Cdb(ByteBuffer.wrap(bytes));
    }

    /// The operation code.
    public int opcode() {
        return u8(0);
    }

    /// Byte `at`.
    public int u8(int at) {
        return bytes.get(at) & 0xFF;
    }

    /// Two bytes from `at`.
    public int u16(int at) {
        return bytes.getShort(at) & 0xFFFF;
    }

    /// Three bytes from `at`.
    public int u24(int at) {
        return u8(at) << 16 | u16(at + 1);
    }

    /// Four bytes from `at`.
    public long u32(int at) {
        return bytes.getInt(at) & 0xFFFF_FFFFL;
    }

    /// Eight bytes from `at`; values beyond the signed range come out negative and are beyond any
    /// LUN's end.
    public long u64(int at) {
        return bytes.getLong(at);
    }

    /// Whether any bit of `mask` is set in byte `at`.
    public boolean has(int at, int mask) {
        return (u8(at) & mask) != 0;
    }
}
