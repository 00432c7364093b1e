package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// Sense data: key, additional code and qualifier, and the INFORMATION field if it is valid.
public record Sense(int key, int asc, int ascq, @Nullable Long information) {
    private static final int DESCRIPTOR_CURRENT = 0x72;
    private static final int DESCRIPTOR_DEFERRED = 0x73;
    private static final String[] KEYS = {
        "NO SENSE",
        "RECOVERED ERROR",
        "NOT READY",
        "MEDIUM ERROR",
        "HARDWARE ERROR",
        "ILLEGAL REQUEST",
        "UNIT ATTENTION",
        "DATA PROTECT",
        "BLANK CHECK",
        "VENDOR",
        "COPY ABORTED",
        "ABORTED COMMAND",
        "EQUAL",
        "VOLUME OVERFLOW",
        "MISCOMPARE",
        "COMPLETED"
    };

    /// Reads fixed or descriptor format (SPC-4 section 4.5); null when there is too little.
    static @Nullable Sense parse(ByteBuffer bytes) {
        int length = bytes.remaining();
        if (length < 4) {
            return null;
        }
        int base = bytes.position();
        int format = bytes.get(base) & 0x7f;
        if (format == DESCRIPTOR_CURRENT || format == DESCRIPTOR_DEFERRED) {
            return new Sense(
                    bytes.get(base + 1) & 0xf,
                    bytes.get(base + 2) & 0xff,
                    bytes.get(base + 3) & 0xff,
                    informationDescriptor(bytes, base + 8, base + length));
        }
        boolean valid = (bytes.get(base) & 0x80) != 0 && length >= 7;
        return new Sense(
                bytes.get(base + 2) & 0xf,
                length > 12 ? bytes.get(base + 12) & 0xff : 0,
                length > 13 ? bytes.get(base + 13) & 0xff : 0,
                valid ? (Long) Integer.toUnsignedLong(bytes.getInt(base + 3)) : null);
    }

    private static @Nullable Long informationDescriptor(ByteBuffer bytes, int from, int end) {
        for (int at = from; at + 2 <= end; at += 2 + (bytes.get(at + 1) & 0xff)) {
            if (bytes.get(at) == 0 && at + 12 <= end) {
                return bytes.getLong(at + 4);
            }
        }
        return null;
    }

    /// Whether this is the condition key/asc/ascq.
    public boolean is(int wantedKey, int wantedAsc, int wantedAscq) {
        return key == wantedKey && asc == wantedAsc && ascq == wantedAscq;
    }

    @Override
    public String toString() {
        String codes = "%s (%02x/%02x/%02x)".formatted(KEYS[key], key, asc, ascq);
        return information == null ? codes : codes + " at " + information;
    }
}
