package lockstep.target.scsi;

/// The 8-byte LUN field (SAM-5 4.7), of which one level is used: peripheral device addressing on
/// bus 0, or flat space addressing.
final class LunNumber {
    /// No LUN can have such an address.
    static final int NONE = -1;

    private static final long LOWER_LEVELS = 0x0000_FFFF_FFFF_FFFFL;

    private LunNumber() {}

    /// The LUN number in `field`, or [#NONE].
    static int decode(long field) {
        if ((field & LOWER_LEVELS) != 0) {
            return NONE;
        }
        int first = (int) (field >>> 48);
        return switch (first >> 14) {
            case 0 -> first <= 0xFF ? first : NONE;
            case 1 -> first & 0x3FFF;
            default -> NONE;
        };
    }
}
