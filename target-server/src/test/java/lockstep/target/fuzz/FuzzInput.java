package lockstep.target.fuzz;

import java.util.Arrays;

/// The bytes of a fuzzer, read as the parts that a test is made of. Where they end, zeros follow.
public final class FuzzInput {
    private final byte[] bytes;
    private int at;

    /// A reader at the start of `bytes`.
    public FuzzInput(byte[] bytes) {
        this.bytes = bytes;
    }

    /// Whether anything is left.
    public boolean hasMore() {
        return at < bytes.length;
    }

    /// One byte.
    public int u8() {
        return at < bytes.length ? bytes[at++] & 0xFF : 0;
    }

    /// Two bytes, the high one first.
    public int u16() {
        return u8() << 8 | u8();
    }

    /// `length` bytes.
    public byte[] take(int length) {
        byte[] taken = Arrays.copyOfRange(bytes, at, at + length);
        at = Math.min(bytes.length, at + length);
        return taken;
    }

    /// A length up to `most`, and as many bytes.
    public byte[] sized(int most) {
        return take(u16() % (most + 1));
    }
}
