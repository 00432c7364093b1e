package lockstep.target.scsi;

import java.nio.ByteBuffer;

/// A condition with its place: the LBA it happened at or the byte that caused it ([#NONE] if not
/// known).
///
/// Fixed format, SPC-4 4.5.3: `70 | 0 | key | information(4) | 0A | command specific(4) | ASC |
/// ASCQ | 0 | sense key specific(3)`. Bit 7 of byte 0 says that the information is valid, bit 7 of
/// byte 15 that the field pointer is, bit 6 of byte 15 that it points into the CDB.
public record SenseData(Sense condition, long information, int fieldPointer) {
    /// Not known.
    public static final int NONE = -1;

    private static final int FIXED_BYTES = 18;
    private static final int DESCRIPTOR_BYTES = 8;

    /// This condition in fixed format.
    public byte[] fixed() {
        ByteBuffer bytes = ByteBuffer.allocate(FIXED_BYTES);
        boolean valid = information >= 0 && information <= 0xFFFF_FFFFL;
        bytes.put(0, (byte) (valid ? 0xF0 : 0x70));
        bytes.put(2, (byte) condition.key());
        bytes.putInt(3, valid ? (int) information : 0);
        bytes.put(7, (byte) (FIXED_BYTES - 8));
        bytes.put(12, (byte) condition.code());
        bytes.put(13, (byte) condition.qualifier());
        if (fieldPointer >= 0) {
            boolean inCdb = condition == Sense.INVALID_FIELD_IN_CDB;
            bytes.put(15, (byte) (inCdb ? 0xC0 : 0x80));
            bytes.putShort(16, (short) fieldPointer);
        }
        return bytes.array();
    }

    /// This condition in descriptor format, without descriptors: only REQUEST SENSE asks for it.
    public byte[] descriptor() {
        byte[] bytes = new byte[DESCRIPTOR_BYTES];
        bytes[0] = 0x72;
        bytes[1] = (byte) condition.key();
        bytes[2] = (byte) condition.code();
        bytes[3] = (byte) condition.qualifier();
        return bytes;
    }
}
