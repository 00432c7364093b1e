package lockstep.target.iscsi.pdu;

import org.jscsi.parser.OperationCode;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// The basic header segment, as a view of its 48 bytes (RFC 7143 11.2.1):
///
/// ```
///  0 | . I opcode(6) | flags | opcode specific                    |
///  4 | total AHS length (words) | data segment length (24 bits)   |
///  8 | LUN, or opcode specific (8 bytes)                          |
/// 16 | initiator task tag                                         |
/// 20 | opcode specific (28 bytes)                                 |
/// ```
///
/// Reserved bits are never looked at. Sequence numbers are 32 bits and wrap.
public final class PduHeader {
    /// Bytes of the header.
    public static final int BYTES = 48;

    /// "No task" or "no transfer", in either tag.
    public static final int NO_TAG = 0xFFFF_FFFF;

    /// Highest bit of the flags: the last PDU of a sequence.
    public static final int FINAL = 0x80;

    private static final int IMMEDIATE = 0x40;
    private static final int OPCODE = 0x3F;

    /// By code, because the vocabulary's own lookup boxes.
    private static final @Nullable OperationCode[] CODES = new @Nullable OperationCode[OPCODE + 1];

    static {
        for (OperationCode code : OperationCode.values()) {
            CODES[code.value() & OPCODE] = code;
        }
    }

    private final ByteBuffer bytes;

    /// A view of `bytes`, which it keeps.
    public PduHeader(byte[] bytes) {
        this.bytes = ByteBuffer.wrap(bytes);
    }

    /// A header to send, zeros but for its operation code and the final flag.
    public static PduHeader of(OperationCode code) {
        PduHeader header = new PduHeader(new byte[BYTES]);
        header.bytes.put(0, code.value());
        header.bytes.put(1, (byte) FINAL);
        return header;
    }

    /// The operation code; null if it is none of RFC 7143.
    public @Nullable OperationCode code() {
        return CODES[u8(0) & OPCODE];
    }

    /// Whether the command is outside the command numbering.
    public boolean isImmediate() {
        return (u8(0) & IMMEDIATE) != 0;
    }

    /// The flags byte.
    public int flags() {
        return u8(1);
    }

    /// Whether any of `mask` is set in the flags byte.
    public boolean has(int mask) {
        return (flags() & mask) != 0;
    }

    /// Bytes of additional header segments.
    public int ahsBytes() {
        return u8(4) * 4;
    }

    /// Bytes of the data segment, without padding.
    public int dataBytes() {
        return bytes.getInt(4) & 0xFF_FFFF;
    }

    /// The LUN field.
    public long lun() {
        return bytes.getLong(8);
    }

    /// The initiator task tag.
    public int taskTag() {
        return i32(16);
    }

    /// The target transfer tag of PDUs that have one.
    public int transferTag() {
        return i32(20);
    }

    /// The command sequence number of requests.
    public int commandNumber() {
        return i32(24);
    }

    /// Byte `at`.
    public int u8(int at) {
        return bytes.get(at) & 0xFF;
    }

    /// Two bytes from `at`.
    public int u16(int at) {
        return bytes.getShort(at) & 0xFFFF;
    }

    /// Four bytes from `at`.
    public int i32(int at) {
        return bytes.getInt(at);
    }

    /// Eight bytes from `at`.
    public long i64(int at) {
        return bytes.getLong(at);
    }

    /// Sets byte `at`.
    public PduHeader put8(int at, int value) {
        bytes.put(at, (byte) value);
        return this;
    }

    /// Sets two bytes from `at`.
    public PduHeader put16(int at, int value) {
        bytes.putShort(at, (short) value);
        return this;
    }

    /// Sets four bytes from `at`.
    public PduHeader put32(int at, int value) {
        bytes.putInt(at, value);
        return this;
    }

    /// Sets eight bytes from `at`.
    public PduHeader put64(int at, long value) {
        bytes.putLong(at, value);
        return this;
    }

    /// Sets the data segment length and leaves the AHS length.
    PduHeader putDataBytes(int length) {
        return put32(4, u8(4) << 24 | length);
    }

    /// A copy of `length` bytes from `at`.
    public byte[] copy(int at, int length) {
        byte[] copy = new byte[length];
        bytes.get(at, copy);
        return copy;
    }

    /// The 48 bytes themselves.
    byte[] array() {
        return bytes.array();
    }
}
