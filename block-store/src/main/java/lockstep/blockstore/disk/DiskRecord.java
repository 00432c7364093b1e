package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// One record of a [RecordArea], version 1, big-endian:
///
/// ```
///  0 magic "LSRC"   4 version   8 crc32c of all but these 4 bytes   12 first block of the area
/// 16 volume id (16)            32 order (8)                         40 payload length
/// 44 zero                      48 payload, zeros to a whole block
/// ```
record DiskRecord(long order, ByteBuffer payload) {
    private static final int MAGIC = 0x4C535243;
    private static final int VERSION = 1;
    private static final int CRC_AT = 8;
    private static final int HEADER = 48;

    static ByteBuffer encode(RecordArea area, VolumeId volume, long order, ByteBuffer payload) {
        int length = payload.remaining();
        Check.that(length <= area.maximumPayload(), "a record fits its area", length, 0);
        int bytes = (int) Blocks.toBytes(Blocks.roundUp(HEADER + length));
        ByteBuffer out = ByteBuffer.allocate(bytes);
        out.putInt(0, MAGIC).putInt(4, VERSION).putInt(12, area.firstBlock());
        out.putLong(16, volume.high()).putLong(24, volume.low());
        out.putLong(32, order).putInt(40, length);
        out.put(HEADER, payload, payload.position(), length);
        SelfChecksum.seal(out, CRC_AT, bytes);
        return out;
    }

    /// The version that a record of ours in `slot` claims when it is another than this program's; 0
    /// otherwise.
    static int otherVersion(ByteBuffer slot) {
        int version = slot.getInt(4);
        return slot.getInt(0) == MAGIC && version != VERSION ? version : 0;
    }

    /// The record in `slot`, or null if there is none that is whole and this volume's.
    static @Nullable DiskRecord decode(RecordArea area, VolumeId volume, ByteBuffer slot) {
        if (slot.getInt(0) != MAGIC || slot.getInt(4) != VERSION) {
            return null;
        }
        int length = slot.getInt(40);
        if (length < 0 || length > area.maximumPayload() || slot.getInt(12) != area.firstBlock()) {
            return null;
        }
        int bytes = (int) Blocks.toBytes(Blocks.roundUp(HEADER + length));
        boolean ours = slot.getLong(16) == volume.high() && slot.getLong(24) == volume.low();
        if (!ours || !SelfChecksum.holds(slot, CRC_AT, bytes)) {
            return null;
        }
        return new DiskRecord(slot.getLong(32), slot.slice(HEADER, length).asReadOnlyBuffer());
    }
}
