package lockstep.target.scsi;

import lockstep.target.scsi.ScsiCommand.PersistentIn.InAction;
import lockstep.target.scsi.ScsiCommand.PersistentOut.OutAction;
import lockstep.target.scsi.ScsiCommand.PreventAllow;
import lockstep.target.scsi.ScsiCommand.ReadCapacity10;
import lockstep.target.scsi.ScsiCommand.ReleaseUnit;
import lockstep.target.scsi.ScsiCommand.ReserveUnit;
import lockstep.target.scsi.ScsiCommand.TestUnitReady;

import org.jspecify.annotations.Nullable;

import java.util.HexFormat;
import java.util.function.Function;

/// One row per command: operation code, service action, the CDB bits that are used, whether the
/// medium is needed, whether a unit attention is reported first, and how to parse it. The same row
/// dispatches a command, refuses unused bits, and answers REPORT SUPPORTED OPERATION CODES, so what
/// is advertised is what is implemented.
///
/// `usage` is the CDB usage data of SPC-4 6.35: byte 0 is the operation code, the others have a 1
/// for every bit that is looked at; its length is the CDB's. DPO and FUA are used bits because
/// every write is durable when acknowledged, whatever they say.
@SuppressWarnings("ImmutableEnumChecker") // the array and the stateless parsers never change
enum CommandTable {
    TEST_UNIT_READY("00 00 00 00 00 00", Kind.MEDIUM, cdb -> new TestUnitReady()),
    REQUEST_SENSE("03 01 00 00 FF 00", Kind.ALWAYS, CdbParser::requestSense),
    READ_6("08 1F FF FF FF 00", Kind.MEDIUM, CdbParser::read6),
    WRITE_6("0A 1F FF FF FF 00", Kind.MEDIUM, CdbParser::write6),
    INQUIRY("12 01 FF FF FF 00", Kind.ALWAYS, CdbParser::inquiry),
    MODE_SELECT_6("15 10 00 00 FF 00", Kind.ABOUT, CdbParser::modeSelect6),
    RESERVE_6("16 00 00 00 00 00", Kind.MEDIUM, cdb -> new ReserveUnit()),
    RELEASE_6("17 00 00 00 00 00", Kind.MEDIUM, cdb -> new ReleaseUnit()),
    MODE_SENSE_6("1A 08 FF FF FF 00", Kind.ABOUT, CdbParser::modeSense6),
    START_STOP_UNIT("1B 01 00 00 01 00", Kind.ABOUT, CdbParser::startStop),
    PREVENT_ALLOW_MEDIUM_REMOVAL("1E 00 00 00 03 00", Kind.ABOUT, cdb -> new PreventAllow()),
    READ_CAPACITY_10("25 00 00 00 00 00 00 00 00 00", Kind.ABOUT, cdb -> new ReadCapacity10()),
    READ_10("28 18 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, CdbParser::read10),
    WRITE_10("2A 18 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, CdbParser::write10),
    WRITE_AND_VERIFY_10("2E 16 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, CdbParser::writeVerify10),
    VERIFY_10("2F 16 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, CdbParser::verify10),
    PRE_FETCH_10("34 02 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, Pace.BULK, CdbParser::preFetch10),
    SYNCHRONIZE_CACHE_10(
            "35 02 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, Pace.BULK, CdbParser::synchronize10),
    READ_DEFECT_DATA_10("37 00 1F 00 00 00 00 FF FF 00", Kind.ABOUT, CdbParser::readDefects10),
    WRITE_SAME_10("41 08 FF FF FF FF 1F FF FF 00", Kind.MEDIUM, Pace.BULK, CdbParser::writeSame10),
    UNMAP("42 00 00 00 00 00 1F FF FF 00", Kind.MEDIUM, Pace.BULK, CdbParser::unmap),
    LOG_SENSE("4D 00 FF FF 00 00 00 FF FF 00", Kind.ABOUT, CdbParser::logSense),
    MODE_SELECT_10("55 10 00 00 00 00 00 FF FF 00", Kind.ABOUT, CdbParser::modeSelect10),
    RESERVE_10("56 00 00 00 00 00 00 00 00 00", Kind.MEDIUM, cdb -> new ReserveUnit()),
    RELEASE_10("57 00 00 00 00 00 00 00 00 00", Kind.MEDIUM, cdb -> new ReleaseUnit()),
    MODE_SENSE_10("5A 18 FF FF 00 00 00 FF FF 00", Kind.ABOUT, CdbParser::modeSense10),
    READ_KEYS(
            "5E 00 00 00 00 00 00 FF FF 00",
            Kind.ABOUT,
            cdb -> CdbParser.persistentIn(cdb, InAction.READ_KEYS)),
    READ_RESERVATION(
            "5E 01 00 00 00 00 00 FF FF 00",
            Kind.ABOUT,
            cdb -> CdbParser.persistentIn(cdb, InAction.READ_RESERVATION)),
    REPORT_CAPABILITIES(
            "5E 02 00 00 00 00 00 FF FF 00",
            Kind.ABOUT,
            cdb -> CdbParser.persistentIn(cdb, InAction.REPORT_CAPABILITIES)),
    READ_FULL_STATUS(
            "5E 03 00 00 00 00 00 FF FF 00",
            Kind.ABOUT,
            cdb -> CdbParser.persistentIn(cdb, InAction.READ_FULL_STATUS)),
    REGISTER(
            "5F 00 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.REGISTER)),
    RESERVE(
            "5F 01 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.RESERVE)),
    RELEASE(
            "5F 02 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.RELEASE)),
    CLEAR(
            "5F 03 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.CLEAR)),
    PREEMPT(
            "5F 04 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.PREEMPT)),
    PREEMPT_AND_ABORT(
            "5F 05 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.PREEMPT_AND_ABORT)),
    REGISTER_AND_IGNORE_EXISTING_KEY(
            "5F 06 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.REGISTER_AND_IGNORE_EXISTING_KEY)),
    REGISTER_AND_MOVE(
            "5F 07 FF 00 00 FF FF FF FF 00",
            Kind.MEDIUM,
            cdb -> CdbParser.persistentOut(cdb, OutAction.REGISTER_AND_MOVE)),
    EXTENDED_COPY(
            "83 00 00 00 00 00 00 00 00 00 FF FF FF FF 00 00",
            Kind.MEDIUM,
            Pace.COPY,
            CdbParser::extendedCopy),
    RECEIVE_COPY_STATUS(
            "84 00 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00",
            Kind.ABOUT,
            CdbParser::receiveCopyResults),
    RECEIVE_COPY_OPERATING_PARAMETERS(
            "84 03 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00",
            Kind.ABOUT,
            CdbParser::receiveCopyResults),
    RECEIVE_COPY_FAILED_SEGMENT_DETAILS(
            "84 04 FF 00 00 00 00 00 00 00 FF FF FF FF 00 00",
            Kind.ABOUT,
            CdbParser::receiveCopyResults),
    READ_16("88 18 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::read16),
    COMPARE_AND_WRITE(
            "89 18 FF FF FF FF FF FF FF FF 00 00 00 FF 1F 00",
            Kind.MEDIUM,
            CdbParser::compareAndWrite),
    WRITE_16("8A 18 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::write16),
    ORWRITE("8B 18 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::orWrite),
    WRITE_AND_VERIFY_16(
            "8E 16 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00",
            Kind.MEDIUM,
            CdbParser::writeVerify16),
    VERIFY_16("8F 16 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::verify16),
    PRE_FETCH_16(
            "90 02 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00",
            Kind.MEDIUM,
            Pace.BULK,
            CdbParser::preFetch16),
    SYNCHRONIZE_CACHE_16(
            "91 02 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00",
            Kind.MEDIUM,
            Pace.BULK,
            CdbParser::synchronize16),
    WRITE_SAME_16(
            "93 09 FF FF FF FF FF FF FF FF FF FF FF FF 1F 00",
            Kind.MEDIUM,
            Pace.BULK,
            CdbParser::writeSame16),
    WRITE_ATOMIC_16(
            "9C 18 FF FF FF FF FF FF FF FF 00 00 FF FF 1F 00",
            Kind.MEDIUM,
            CdbParser::writeAtomic16),
    READ_CAPACITY_16(
            "9E 10 00 00 00 00 00 00 00 00 FF FF FF FF 00 00",
            Kind.ABOUT,
            CdbParser::readCapacity16),
    GET_LBA_STATUS(
            "9E 12 FF FF FF FF FF FF FF FF FF FF FF FF 00 00", Kind.MEDIUM, CdbParser::lbaStatus),
    REPORT_LUNS("A0 00 FF 00 00 00 FF FF FF FF 00 00", Kind.ALWAYS, CdbParser::reportLuns),
    REPORT_TARGET_PORT_GROUPS(
            "A3 EA 00 00 00 00 FF FF FF FF 00 00", Kind.ABOUT, CdbParser::reportTargetPortGroups),
    REPORT_SUPPORTED_OPERATION_CODES(
            "A3 0C 87 FF FF FF FF FF FF FF 00 00", Kind.ABOUT, CdbParser::reportOpcodes),
    REPORT_SUPPORTED_TASK_MANAGEMENT_FUNCTIONS(
            "A3 0D 80 00 00 00 FF FF FF FF 00 00", Kind.ABOUT, CdbParser::reportTaskManagement),
    READ_12("A8 18 FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::read12),
    WRITE_12("AA 18 FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::write12),
    WRITE_AND_VERIFY_12(
            "AE 16 FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::writeVerify12),
    VERIFY_12("AF 16 FF FF FF FF FF FF FF FF 1F 00", Kind.MEDIUM, CdbParser::verify12),
    READ_DEFECT_DATA_12(
            "B7 1F 00 00 00 00 FF FF FF FF 00 00", Kind.ABOUT, CdbParser::readDefects12);

    /// When a command may run.
    enum Kind {
        /// Needs the volume to serve.
        MEDIUM,
        /// Answers about the LUN whether it serves or not.
        ABOUT,
        /// As ABOUT, and a pending unit attention does not come first (SPC-4 5.16).
        ALWAYS
    }

    /// How long a command may take, in seconds: usually, and before its host should think it lost.
    /// The second covers a takeover on the way.
    enum Pace {
        /// Answered from memory.
        ANSWER(1, 15),
        /// One transfer.
        TRANSFER(2, 30),
        /// Many blocks for few bytes.
        BULK(5, 60),
        /// Many transfers.
        COPY(30, 180);

        final int usualSeconds;
        final int patienceSeconds;

        Pace(int usualSeconds, int patienceSeconds) {
            this.usualSeconds = usualSeconds;
            this.patienceSeconds = patienceSeconds;
        }
    }

    /// No service action.
    static final int NO_ACTION = -1;

    private static final int ACTION_MASK = 0x1F;
    private static final CommandTable[] ROWS = values();

    /// The first row of each operation code.
    private static final @Nullable CommandTable[] BY_OPCODE = new @Nullable CommandTable[256];

    static {
        for (CommandTable row : ROWS) {
            if (BY_OPCODE[row.opcode] == null) {
                BY_OPCODE[row.opcode] = row;
            }
        }
    }

    private final byte[] usage;
    private final int opcode;
    private final Kind kind;
    private final Pace pace;
    private final Function<Cdb, @Nullable ScsiCommand> parser;

    CommandTable(String usage, Kind kind, Function<Cdb, @Nullable ScsiCommand> parser) {
        this(usage, kind, kind == Kind.MEDIUM ? Pace.TRANSFER : Pace.ANSWER, parser);
    }

    CommandTable(String usage, Kind kind, Pace pace, Function<Cdb, @Nullable ScsiCommand> parser) {
        this.usage = HexFormat.of().parseHex(usage.replace(" ", ""));
        this.opcode = this.usage[0] & 0xFF;
        this.kind = kind;
        this.pace = pace;
        this.parser = parser;
    }

    /// The row for an operation code, of any of its service actions; null if there is none.
    static @Nullable CommandTable firstOf(int opcode) {
        return BY_OPCODE[opcode];
    }

    /// The row for exactly this command; null if there is none.
    static @Nullable CommandTable find(int opcode, int serviceAction) {
        CommandTable first = BY_OPCODE[opcode];
        if (first == null || !first.hasAction()) {
            return first;
        }
        for (CommandTable row : ROWS) {
            if (row.opcode == opcode && row.action() == serviceAction) {
                return row;
            }
        }
        return null;
    }

    int opcode() {
        return opcode;
    }

    Kind kind() {
        return kind;
    }

    Pace pace() {
        return pace;
    }

    /// Whether byte 1 holds a service action.
    boolean hasAction() {
        return switch (opcode) {
            case 0x5E, 0x5F, 0x83, 0x84, 0x9E, 0xA3 -> true;
            default -> false;
        };
    }

    int action() {
        return hasAction() ? usage[1] & ACTION_MASK : NO_ACTION;
    }

    /// A copy of the usage data.
    byte[] usage() {
        return usage.clone();
    }

    int cdbBytes() {
        return usage.length;
    }

    /// The first byte of `cdb` with a bit set that is not used, or -1.
    int unusedByte(Cdb cdb) {
        for (int at = 1; at < usage.length; at++) {
            int used = at == 1 && hasAction() ? usage[at] | ACTION_MASK : usage[at];
            if ((cdb.u8(at) & ~used) != 0) {
                return at;
            }
        }
        return -1;
    }

    /// The command in `cdb`, or null if a used field has a value that this device does not take.
    @Nullable ScsiCommand parse(Cdb cdb) {
        return parser.apply(cdb);
    }
}
