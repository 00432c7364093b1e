package lockstep.target.scsi;

/// The named conditions of this device: sense key, additional sense code and qualifier (SPC-4 4.5).
/// Nobody else knows the numbers.
public enum Sense {
    /// Nothing to report.
    NO_SENSE(0x0, 0x00, 0x00),
    /// The volume is joining, taking over or waits for its mirror: it may serve later.
    ACCESS_STATE_TRANSITION(0x2, 0x04, 0x0A),
    /// The LUN is served through the partner's ports, and could be through these.
    TARGET_PORT_IN_STANDBY_STATE(0x2, 0x04, 0x0B),
    /// The LUN cannot be served through these ports for now.
    TARGET_PORT_IN_UNAVAILABLE_STATE(0x2, 0x04, 0x0C),
    /// A write that the medium does not take.
    WRITE_ERROR(0x3, 0x0C, 0x00),
    /// A block that no copy can give.
    UNRECOVERED_READ_ERROR(0x3, 0x11, 0x00),
    /// A broken invariant of ours; the command may or may not have had effect.
    INTERNAL_TARGET_FAILURE(0x4, 0x44, 0x00),
    /// The parameter list is shorter than its own header or than the CDB says.
    PARAMETER_LIST_LENGTH_ERROR(0x5, 0x1A, 0x00),
    /// The copy list that this names is being carried out.
    OPERATION_IN_PROGRESS(0x5, 0x00, 0x16),
    /// No row of the command table fits.
    INVALID_COMMAND_OPERATION_CODE(0x5, 0x20, 0x00),
    /// Beyond the end of the LUN.
    LBA_OUT_OF_RANGE(0x5, 0x21, 0x00),
    /// A CDB bit that this device does not use, or a value it does not take.
    INVALID_FIELD_IN_CDB(0x5, 0x24, 0x00),
    /// No LUN of that number.
    LOGICAL_UNIT_NOT_SUPPORTED(0x5, 0x25, 0x00),
    /// As for the CDB, in the data that came with it.
    INVALID_FIELD_IN_PARAMETER_LIST(0x5, 0x26, 0x00),
    /// RELEASE of another type or scope than what is held.
    INVALID_RELEASE_OF_PERSISTENT_RESERVATION(0x5, 0x26, 0x04),
    /// No more registrations fit.
    INSUFFICIENT_REGISTRATION_RESOURCES(0x5, 0x55, 0x04),
    /// More CSCD descriptors than this copy manager takes.
    TOO_MANY_TARGET_DESCRIPTORS(0x5, 0x26, 0x06),
    /// A CSCD descriptor that does not name a logical unit by designator.
    UNSUPPORTED_TARGET_DESCRIPTOR(0x5, 0x26, 0x07),
    /// More segment descriptors than this copy manager takes.
    TOO_MANY_SEGMENT_DESCRIPTORS(0x5, 0x26, 0x08),
    /// A segment descriptor that is not block to block.
    UNSUPPORTED_SEGMENT_DESCRIPTOR(0x5, 0x26, 0x09),
    /// This copy manager takes no inline data.
    INLINE_DATA_LENGTH_EXCEEDED(0x5, 0x26, 0x0B),
    /// Mode pages are not saved.
    SAVING_PARAMETERS_NOT_SUPPORTED(0x5, 0x39, 0x00),
    /// First command of a nexus.
    POWER_ON_OR_RESET_OCCURRED(0x6, 0x29, 0x00),
    /// Another nexus reset the logical unit.
    BUS_DEVICE_RESET_OCCURRED(0x6, 0x29, 0x03),
    /// The initiator port was logged in before, and its session ended.
    I_T_NEXUS_LOSS_OCCURRED(0x6, 0x29, 0x07),
    /// Another nexus changed a mode page.
    MODE_PARAMETERS_CHANGED(0x6, 0x2A, 0x01),
    /// CLEAR removed the registration of this nexus, and the reservation.
    RESERVATIONS_PREEMPTED(0x6, 0x2A, 0x03),
    /// The reservation ended or changed its type; this nexus is registered still.
    RESERVATIONS_RELEASED(0x6, 0x2A, 0x04),
    /// PREEMPT removed the registration of this nexus.
    REGISTRATIONS_PREEMPTED(0x6, 0x2A, 0x05),
    /// The LUN can be served through these ports now, or cannot any more.
    ASYMMETRIC_ACCESS_STATE_CHANGED(0x6, 0x2A, 0x06),
    /// The LUN grew.
    CAPACITY_DATA_HAS_CHANGED(0x6, 0x2A, 0x09),
    /// CLEAR TASK SET by another nexus.
    COMMANDS_CLEARED_BY_ANOTHER_INITIATOR(0x6, 0x2F, 0x00),
    /// The volume has used as much of its space as people want to hear of.
    THIN_PROVISIONING_SOFT_THRESHOLD_REACHED(0x6, 0x38, 0x07),
    /// A LUN came or went.
    REPORTED_LUNS_DATA_HAS_CHANGED(0x6, 0x3F, 0x0E),
    /// The unit shows a snapshot and takes no writes.
    WRITE_PROTECTED(0x7, 0x27, 0x00),
    /// A host has write protected the unit in its control mode page.
    SOFTWARE_WRITE_PROTECTED(0x7, 0x27, 0x02),
    /// The volume has no space; nothing was written.
    SPACE_ALLOCATION_FAILED_WRITE_PROTECT(0x7, 0x27, 0x07),
    /// Sequenced, but its mirror went away before it could be acknowledged.
    ABORTED_COMMAND(0xB, 0x00, 0x00),
    /// Data of the command was lost on its way here.
    PROTOCOL_SERVICE_CRC_ERROR(0xB, 0x47, 0x05),
    /// A copy cannot go on: what it asks for does not fit a unit, or was aborted.
    COPY_ABORTED(0xA, 0x00, 0x00),
    /// A copy names a unit that this nexus does not have.
    UNREACHABLE_COPY_TARGET(0xA, 0x08, 0x04),
    /// A unit failed to give or take what was copied.
    THIRD_PARTY_DEVICE_FAILURE(0xA, 0x0D, 0x01),
    /// The host sent less data than the command needs.
    INCORRECT_AMOUNT_OF_DATA(0xB, 0x0C, 0x0D),
    /// VERIFY or COMPARE AND WRITE found other bytes than the host sent.
    MISCOMPARE_DURING_VERIFY(0xE, 0x1D, 0x00);

    private final int key;
    private final int code;
    private final int qualifier;

    Sense(int key, int code, int qualifier) {
        this.key = key;
        this.code = code;
        this.qualifier = qualifier;
    }

    /// The sense key.
    public int key() {
        return key;
    }

    /// The additional sense code.
    public int code() {
        return code;
    }

    /// The additional sense code qualifier.
    public int qualifier() {
        return qualifier;
    }

    /// This condition with nothing more to say.
    public SenseData plain() {
        return new SenseData(this, SenseData.NONE, SenseData.NONE);
    }

    /// This condition at `lba`.
    public SenseData at(long lba) {
        return new SenseData(this, lba, SenseData.NONE);
    }

    /// This condition, caused by byte `field` of the CDB or of the parameter list.
    public SenseData field(int field) {
        return new SenseData(this, SenseData.NONE, field);
    }
}
