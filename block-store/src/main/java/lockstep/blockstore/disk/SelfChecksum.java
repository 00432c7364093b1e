package lockstep.blockstore.disk;

import lockstep.blockstore.base.Crc32c;

import java.nio.ByteBuffer;

/// A CRC32C inside the bytes that it covers: computed with its own four bytes zero. All formats on
/// a disk are sealed this way.
public final class SelfChecksum {
    private SelfChecksum() {}

    /// Puts the checksum of the first `length` bytes at index `crcAt`.
    public static void seal(ByteBuffer bytes, int crcAt, int length) {
        bytes.putInt(crcAt, 0);
        bytes.putInt(crcAt, Crc32c.of(bytes, 0, length));
    }

    /// Whether the checksum at `crcAt` fits the first `length` bytes.
    public static boolean holds(ByteBuffer bytes, int crcAt, int length) {
        ByteBuffer copy = ByteBuffer.allocate(length);
        copy.put(0, bytes, 0, length);
        copy.putInt(crcAt, 0);
        return bytes.getInt(crcAt) == Crc32c.of(copy, 0, length);
    }
}
