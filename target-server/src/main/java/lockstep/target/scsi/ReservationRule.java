package lockstep.target.scsi;

/// What reservations of other nexuses do to a command: one line per row of [CommandTable], after
/// SPC-4 table 66 and SBC-3 table 13 for persistent reservations, and SPC-2 table 10 for those of
/// RESERVE. A row without a line does not compile.
enum ReservationRule {
    /// Allowed whatever is reserved.
    FREE,
    /// Allowed under every persistent reservation, and not under one of RESERVE.
    ABOUT,
    /// Conflicts where others may not even read, and under RESERVE.
    READ,
    /// Conflicts under every reservation of another.
    WRITE,
    /// PERSISTENT RESERVE IN and OUT: the service actions decide themselves what conflicts, but
    /// none is possible while RESERVE holds, for its holder neither (SPC-2 5.5.1).
    PERSISTENT,
    /// RESERVE and RELEASE: they decide themselves (SPC-4 5.13.3, compatible reservation handling).
    LEGACY;

    static ReservationRule of(CommandTable row) {
        return switch (row) {
            case INQUIRY, REQUEST_SENSE, REPORT_LUNS, REPORT_TARGET_PORT_GROUPS -> FREE;
            case TEST_UNIT_READY,
                    LOG_SENSE,
                    READ_CAPACITY_10,
                    READ_CAPACITY_16,
                    // Only START and "allow" can be asked of this device; both are allowed.
                    START_STOP_UNIT,
                    PREVENT_ALLOW_MEDIUM_REMOVAL ->
                    ABOUT;
            case READ_6,
                    READ_10,
                    READ_12,
                    READ_16,
                    VERIFY_10,
                    VERIFY_12,
                    VERIFY_16,
                    PRE_FETCH_10,
                    PRE_FETCH_16,
                    GET_LBA_STATUS,
                    READ_DEFECT_DATA_10,
                    READ_DEFECT_DATA_12,
                    MODE_SENSE_6,
                    MODE_SENSE_10,
                    REPORT_SUPPORTED_OPERATION_CODES,
                    REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS ->
                    READ;
            case WRITE_6,
                    WRITE_10,
                    WRITE_12,
                    WRITE_16,
                    WRITE_AND_VERIFY_10,
                    WRITE_AND_VERIFY_12,
                    WRITE_AND_VERIFY_16,
                    WRITE_SAME_10,
                    WRITE_SAME_16,
                    UNMAP,
                    COMPARE_AND_WRITE,
                    ORWRITE,
                    WRITE_ATOMIC_16,
                    MODE_SELECT_6,
                    MODE_SELECT_10,
                    EXTENDED_COPY,
                    RECEIVE_COPY_STATUS,
                    RECEIVE_COPY_OPERATING_PARAMETERS,
                    RECEIVE_COPY_FAILED_SEGMENT_DETAILS,
                    SYNCHRONIZE_CACHE_10,
                    SYNCHRONIZE_CACHE_16 ->
                    WRITE;
            case READ_KEYS,
                    READ_RESERVATION,
                    REPORT_CAPABILITIES,
                    READ_FULL_STATUS,
                    REGISTER,
                    RESERVE,
                    RELEASE,
                    CLEAR,
                    PREEMPT,
                    PREEMPT_AND_ABORT,
                    REGISTER_AND_IGNORE_EXISTING_KEY,
                    REGISTER_AND_MOVE ->
                    PERSISTENT;
            case RESERVE_6, RELEASE_6, RESERVE_10, RELEASE_10 -> LEGACY;
        };
    }

    /// Whether a command of this rule conflicts with a persistent reservation of `type` that its
    /// nexus does not hold; `registered` says whether that nexus is.
    boolean conflictsWith(ReservationType type, boolean registered) {
        if (registered && type.forRegistrants()) {
            return false;
        }
        return switch (this) {
            case FREE, ABOUT, PERSISTENT, LEGACY -> false;
            case READ -> type.exclusiveAccess();
            case WRITE -> true;
        };
    }

    /// Whether a command of this rule conflicts with a reservation by RESERVE; `holder` says
    /// whether its nexus has it.
    boolean conflictsWithLegacy(boolean holder) {
        return switch (this) {
            case FREE, LEGACY -> false;
            case ABOUT, READ, WRITE -> !holder;
            case PERSISTENT -> true;
        };
    }
}
