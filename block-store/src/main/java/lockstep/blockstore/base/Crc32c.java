package lockstep.blockstore.base;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The one way to checksum: CRC32C (RFC 3720 appendix B.4 polynomial) of a range of bytes.
public final class Crc32c {
    private Crc32c() {}

    /// The checksum of the bytes of `borrowed` from its position to its limit; leaves both as they
    /// were.
    public static int of(ByteBuffer borrowed) {
        return of(borrowed, borrowed.position(), borrowed.remaining());
    }

    /// The checksum of `length` bytes from absolute index `offset`.
    public static int of(ByteBuffer borrowed, int offset, int length) {
        CRC32C crc = new CRC32C();
        if (borrowed.hasArray()) {
            crc.update(borrowed.array(), borrowed.arrayOffset() + offset, length);
        } else {
            crc.update(borrowed.slice(offset, length));
        }
        return (int) crc.getValue();
    }
}
