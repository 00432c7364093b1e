package lockstep.cli.verify;

import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// The content of one stamped sector, 512 bytes, big endian:
///
/// ```
///   0  magic "LSstamp1"
///   8  LUN (4)   12  writer (4)
///  16  LBA (8)
///  24  sequence (8), greater than 0, never used twice in a run
///  32  filler: sequence mixed with its place, 8 bytes at a time
/// 504  zero (4)
/// 508  CRC32C of the bytes 0..507
/// ```
///
/// A sector is written by the target whole or not at all, so a torn one has a wrong checksum.
public final class Stamp {
    /// Bytes of a sector.
    public static final int SIZE = 512;

    /// Sequence told for a sector that is all zeros: never written.
    public static final long NEVER_WRITTEN = 0;

    /// Told for content that is no valid stamp of this place.
    public static final long CORRUPT = -1;

    private static final long MAGIC = 0x4c537374616d7031L;
    private static final int FILL_AT = 32;
    private static final int FILL_END = 504;
    private static final int CRC_AT = 508;

    private Stamp() {}

    /// Writes the stamp at absolute index `at`.
    public static void put(ByteBuffer to, int at, int lun, long lba, int writer, long sequence) {
        to.putLong(at, MAGIC).putInt(at + 8, lun).putInt(at + 12, writer);
        to.putLong(at + 16, lba).putLong(at + 24, sequence);
        for (int i = FILL_AT; i < FILL_END; i += 8) {
            to.putLong(at + i, fill(sequence, i));
        }
        to.putInt(at + FILL_END, 0);
        to.putInt(at + CRC_AT, crc(to, at));
    }

    /// The sequence that stands at absolute index `at`, or [#NEVER_WRITTEN] or [#CORRUPT].
    public static long read(ByteBuffer from, int at, int lun, long lba) {
        if (from.getLong(at) == 0) {
            return allZero(from, at) ? NEVER_WRITTEN : CORRUPT;
        }
        boolean right =
                from.getLong(at) == MAGIC
                        && from.getInt(at + 8) == lun
                        && from.getLong(at + 16) == lba
                        && from.getLong(at + 24) > 0
                        && from.getInt(at + CRC_AT) == crc(from, at);
        return right ? from.getLong(at + 24) : CORRUPT;
    }

    /// What a sector holds, for people: also of one that belongs elsewhere.
    public static String describe(ByteBuffer from, int at) {
        if (from.getLong(at) != MAGIC) {
            return allZero(from, at) ? "zeros" : "no stamp";
        }
        boolean whole = from.getInt(at + CRC_AT) == crc(from, at);
        return "LUN %d, LBA %d, writer %d, sequence %d%s"
                .formatted(
                        from.getInt(at + 8),
                        from.getLong(at + 16),
                        from.getInt(at + 12),
                        from.getLong(at + 24),
                        whole ? "" : ", wrong checksum");
    }

    private static long fill(long sequence, int at) {
        return (sequence + at) * 0x9e3779b97f4a7c15L;
    }

    private static int crc(ByteBuffer bytes, int at) {
        CRC32C crc = new CRC32C();
        crc.update(bytes.slice(at, CRC_AT));
        return (int) crc.getValue();
    }

    private static boolean allZero(ByteBuffer from, int at) {
        for (int i = 0; i < SIZE; i += 8) {
            if (from.getLong(at + i) != 0) {
                return false;
            }
        }
        return true;
    }
}
