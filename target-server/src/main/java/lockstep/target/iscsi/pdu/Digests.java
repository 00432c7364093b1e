package lockstep.target.iscsi.pdu;

import io.netty.buffer.ByteBuf;

import java.util.zip.CRC32C;

/// CRC32C digests (RFC 7143 13.1). On the wire the value stands with its lowest byte first.
final class Digests {
    /// Bytes of a digest.
    static final int BYTES = 4;

    private Digests() {}

    /// The digest of a header and the AHS and digest-free bytes after it.
    static int of(byte[] header, byte[] more, int moreBytes) {
        CRC32C crc = new CRC32C();
        crc.update(header);
        crc.update(more, 0, moreBytes);
        return (int) crc.getValue();
    }

    /// The digest of `length` bytes of `borrowed` from `at`, and `pad` zero bytes.
    static int of(ByteBuf borrowed, int at, int length, int pad) {
        CRC32C crc = new CRC32C();
        if (borrowed.nioBufferCount() == 1) {
            crc.update(borrowed.internalNioBuffer(at, length).duplicate());
        } else {
            for (var part : borrowed.nioBuffers(at, length)) {
                crc.update(part);
            }
        }
        for (int index = 0; index < pad; index++) {
            crc.update(0);
        }
        return (int) crc.getValue();
    }
}
