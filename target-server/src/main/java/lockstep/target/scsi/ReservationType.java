package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

/// The types of persistent reservations (SPC-4 6.13.3.4), with what distinguishes them.
enum ReservationType {
    /// One nexus writes; everybody reads.
    WRITE_EXCLUSIVE(1, false, Holders.ONE, false),
    /// One nexus writes and reads.
    EXCLUSIVE_ACCESS(3, true, Holders.ONE, false),
    /// Registered nexuses write; everybody reads.
    WRITE_EXCLUSIVE_REGISTRANTS_ONLY(5, false, Holders.ONE, true),
    /// Registered nexuses write and read.
    EXCLUSIVE_ACCESS_REGISTRANTS_ONLY(6, true, Holders.ONE, true),
    /// As 5, and every registered nexus is a holder.
    WRITE_EXCLUSIVE_ALL_REGISTRANTS(7, false, Holders.ALL_REGISTRANTS, true),
    /// As 6, and every registered nexus is a holder.
    EXCLUSIVE_ACCESS_ALL_REGISTRANTS(8, true, Holders.ALL_REGISTRANTS, true);

    /// Who holds a reservation.
    private enum Holders {
        ONE,
        ALL_REGISTRANTS
    }

    private final int code;
    private final boolean exclusiveAccess;
    private final Holders holders;
    private final boolean forRegistrants;

    ReservationType(int code, boolean exclusiveAccess, Holders holders, boolean forRegistrants) {
        this.code = code;
        this.exclusiveAccess = exclusiveAccess;
        this.holders = holders;
        this.forRegistrants = forRegistrants;
    }

    static @Nullable ReservationType of(int code) {
        for (ReservationType type : values()) {
            if (type.code == code) {
                return type;
            }
        }
        return null;
    }

    /// The bit of each type in the type mask of REPORT CAPABILITIES: bytes 4 and 5.
    static int mask() {
        // Byte 4: bits 7, 6, 5, 3, 1 for types 7, 6, 5, 3, 1; byte 5: bit 0 for type 8.
        int mask = 0;
        for (ReservationType type : values()) {
            mask |= type.code < 8 ? 1 << (8 + type.code) : 1;
        }
        return mask;
    }

    /// Its number in CDBs and data.
    int code() {
        return code;
    }

    /// Whether others may not read either.
    boolean exclusiveAccess() {
        return exclusiveAccess;
    }

    /// Whether every registered nexus holds it.
    boolean allRegistrants() {
        return holders == Holders.ALL_REGISTRANTS;
    }

    /// Whether a registered nexus may do what the holder may.
    boolean forRegistrants() {
        return forRegistrants;
    }
}
