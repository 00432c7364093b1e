package lockstep.cli.initiator;

/// The basic header segment, 48 bytes, big endian (RFC 7143 section 11.2): where fields stand and
/// what opcodes mean. Fields that mean different things by opcode are named for each.
///
/// ```
///  0  .I opcode | flags        | opcode specific (status, response)
///  4  AHS words | data segment length (24 bits)
///  8  LUN, or ISID and TSIH
/// 16  initiator task tag
/// 20  target transfer tag  (command: expected data length)
/// 24  CmdSN / StatSN
/// 28  ExpStatSN / ExpCmdSN
/// 32  CDB (16 bytes)       / MaxCmdSN
/// 36  DataSN, R2TSN, status class
/// 40  buffer offset
/// 44  residual count, desired length
/// ```
final class Bhs {
    static final int LENGTH = 48;
    static final int NO_TAG = 0xffffffff;

    static final int IMMEDIATE = 0x40;
    static final int FINAL = 0x80;

    static final int NOP_OUT = 0x00;
    static final int SCSI_COMMAND = 0x01;
    static final int TASK_MANAGEMENT = 0x02;
    static final int LOGIN = 0x03;
    static final int TEXT = 0x04;
    static final int DATA_OUT = 0x05;
    static final int LOGOUT = 0x06;

    static final int NOP_IN = 0x20;
    static final int SCSI_RESPONSE = 0x21;
    static final int TASK_MANAGEMENT_RESPONSE = 0x22;
    static final int LOGIN_RESPONSE = 0x23;
    static final int TEXT_RESPONSE = 0x24;
    static final int DATA_IN = 0x25;
    static final int LOGOUT_RESPONSE = 0x26;
    static final int R2T = 0x31;
    static final int ASYNC_MESSAGE = 0x32;
    static final int REJECT = 0x3f;

    static final int FLAGS_AT = 1;
    static final int RESPONSE_AT = 2;
    static final int STATUS_AT = 3;
    static final int LUN_AT = 8;
    static final int TSIH_AT = 14;
    static final int TAG_AT = 16;
    static final int TRANSFER_TAG_AT = 20;
    static final int STAT_SN_AT = 24;
    static final int EXP_CMD_SN_AT = 28;
    static final int MAX_CMD_SN_AT = 32;
    static final int DATA_SN_AT = 36;
    static final int OFFSET_AT = 40;
    static final int RESIDUAL_AT = 44;

    private Bhs() {}

    /// Bytes that pad `length` to a multiple of four.
    static int padding(int length) {
        return -length & 3;
    }
}
