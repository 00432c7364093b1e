package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/// A log entry as bytes, on the log device and on the wire between nodes alike. Big-endian:
///
/// ```
///  0 u8  type: 1 write, 2 unmap, 3 write same, 4 put, 5 epoch opened
///  1 u8  flags, 0
///  2 u16 bytes of key (put only)
///  4 i32 epoch counter
///  8 i64 epoch node
/// 16 i64 sequence
/// 24 i32 LUN                      | epoch opened: counter of from
/// 28 i32 bytes of data
/// 32 i64 offset                   | epoch opened: node of from
/// 40 i64 length                   | epoch opened: sequence of from
/// 48 u32 CRC32C of the data
/// 52 u32 CRC32C of bytes 0..51 and the key
/// 56     key (UTF-8), then data
/// ```
///
/// Fields that a type does not use are 0. The data stands last, so it can be taken from another
/// buffer without a copy in between.
public final class EntryCodec {
    /// Bytes before key and data.
    public static final int HEAD_BYTES = 56;

    /// The longest data of a write.
    public static final int MAX_WRITE_BYTES = 16 << 20;

    /// The longest key, in UTF-8.
    public static final int MAX_KEY_BYTES = 1024;

    /// The longest value of a key.
    public static final int MAX_VALUE_BYTES = 1 << 20;

    /// No entry is longer than this.
    public static final int MAX_ENTRY_BYTES = HEAD_BYTES + MAX_WRITE_BYTES;

    // What is committed alone is counted as if cut into batches of so much, for their headers.
    private static final int ALONE_BATCH_BYTES = 64 << 10;

    private static final int CRC_AT = 52;
    private static final ByteBuffer NO_DATA = ByteBuffer.allocate(0);

    private EntryCodec() {}

    /// The fields of a head, before they are known to make sense.
    private record Head(
            Type type,
            int keyBytes,
            Position position,
            int lun,
            int dataBytes,
            long offset,
            long length,
            int dataCrc) {}

    private enum Type {
        WRITE(1, MAX_WRITE_BYTES),
        UNMAP(2, 0),
        WRITE_SAME(3, Blocks.SECTOR),
        PUT(4, MAX_VALUE_BYTES),
        EPOCH_OPENED(5, 0);

        // In the order of their codes, which begin at 1.
        private static final Type[] ALL = values();

        final byte code;
        final int maxDataBytes;

        Type(int code, int maxDataBytes) {
            this.code = (byte) code;
            this.maxDataBytes = maxDataBytes;
        }
    }

    /// Bytes that `entry` takes.
    public static int encodedLength(LogEntry entry) {
        int key = entry instanceof LogEntry.Put put ? keyBytes(put).length : 0;
        return HEAD_BYTES + key + data(entry).remaining();
    }

    /// Puts `entry` at the position of `into`, which has room for it; its buffers stay as they are.
    public static void encode(LogEntry entry, ByteBuffer into) {
        encodeHead(entry, into);
        into.put(data(entry));
    }

    /// The bytes that stand last in the entry: a view of its own position, of the maker's memory.
    static ByteBuffer data(LogEntry entry) {
        return switch (entry) {
            case LogEntry.Write write -> write.data().duplicate();
            case LogEntry.WriteSame same -> same.pattern().duplicate();
            case LogEntry.Put put -> put.value().duplicate();
            case LogEntry.Unmap _, LogEntry.EpochOpened _ -> NO_DATA.duplicate();
        };
    }

    /// Everything but the data.
    static void encodeHead(LogEntry entry, ByteBuffer into) {
        switch (entry) {
            case LogEntry.Write(var at, var lun, var offset, var data, _) ->
                    putHead(into, entry, Type.WRITE, at, lun, offset, data.remaining());
            case LogEntry.Unmap(var at, var lun, var offset, var length) ->
                    putHead(into, entry, Type.UNMAP, at, lun, offset, length);
            case LogEntry.WriteSame(var at, var lun, var offset, var length, _) ->
                    putHead(into, entry, Type.WRITE_SAME, at, lun, offset, length);
            case LogEntry.Put(var at, _, _) -> putHead(into, entry, Type.PUT, at, 0, 0, 0);
            case LogEntry.EpochOpened(var at, var from) ->
                    putHead(
                            into,
                            entry,
                            Type.EPOCH_OPENED,
                            at,
                            from.epoch().counter(),
                            from.epoch().node(),
                            from.sequence());
        }
    }

    private static void putHead(
            ByteBuffer into,
            LogEntry entry,
            Type type,
            Position at,
            int lun,
            long offset,
            long length) {
        byte[] key = entry instanceof LogEntry.Put put ? keyBytes(put) : new byte[0];
        ByteBuffer data = data(entry);
        Check.that(data.remaining() <= type.maxDataBytes, "an entry's data is bounded");
        Check.that(key.length <= MAX_KEY_BYTES, "a key is bounded");
        ByteBuffer head = ByteBuffer.allocate(HEAD_BYTES + key.length);
        head.put(type.code).put((byte) 0).putShort((short) key.length);
        head.putInt(at.epoch().counter()).putLong(at.epoch().node()).putLong(at.sequence());
        head.putInt(lun).putInt(data.remaining()).putLong(offset).putLong(length);
        int dataCrc = entry instanceof LogEntry.Write write ? write.crc() : Crc32c.of(data);
        head.putInt(dataCrc).putInt(0).put(key);
        head.putInt(CRC_AT, headCrc(head, 0, key.length)).flip();
        into.put(head);
    }

    private static byte[] keyBytes(LogEntry.Put put) {
        return put.key().getBytes(StandardCharsets.UTF_8);
    }

    // The field itself is left out by taking the bytes on both sides of it.
    private static int headCrc(ByteBuffer bytes, int at, int keyBytes) {
        int before = Crc32c.of(bytes, at, CRC_AT);
        return keyBytes == 0 ? before : before ^ Crc32c.of(bytes, at + HEAD_BYTES, keyBytes);
    }

    /// The whole length of the entry whose head stands at the position of `bytes`, of which at
    /// least [#HEAD_BYTES] are there; bounded by [#MAX_ENTRY_BYTES].
    public static int lengthAt(ByteBuffer bytes) throws MalformedEntry {
        Head head = head(bytes);
        return HEAD_BYTES + head.keyBytes() + head.dataBytes();
    }

    /// Takes one entry from the position of `bytes` on; its buffers are views of `bytes`. Leaves
    /// the position behind the entry, or where it was when it throws.
    public static LogEntry decode(ByteBuffer bytes) throws MalformedEntry {
        Head head = head(bytes);
        int start = bytes.position();
        int total = HEAD_BYTES + head.keyBytes() + head.dataBytes();
        require(bytes.remaining() >= total, "the entry is cut short");
        require(
                bytes.getInt(start + CRC_AT) == headCrc(bytes, start, head.keyBytes()),
                "checksum of the head");
        ByteBuffer data = bytes.slice(start + total - head.dataBytes(), head.dataBytes());
        require(Crc32c.of(data) == head.dataCrc(), "checksum of the data");
        LogEntry entry = entry(head, bytes.slice(start + HEAD_BYTES, head.keyBytes()), data);
        bytes.position(start + total);
        return entry;
    }

    private static Head head(ByteBuffer bytes) throws MalformedEntry {
        require(bytes.remaining() >= HEAD_BYTES, "the head is cut short");
        int at = bytes.position();
        int code = bytes.get(at);
        require(code >= 1 && code <= Type.ALL.length, "type");
        require(bytes.get(at + 1) == 0, "flags");
        Head head =
                new Head(
                        Type.ALL[code - 1],
                        bytes.getShort(at + 2) & 0xFFFF,
                        position(
                                bytes.getInt(at + 4),
                                bytes.getLong(at + 8),
                                bytes.getLong(at + 16)),
                        bytes.getInt(at + 24),
                        bytes.getInt(at + 28),
                        bytes.getLong(at + 32),
                        bytes.getLong(at + 40),
                        bytes.getInt(at + 48));
        require(head.lun() >= 0, "LUN");
        require(head.dataBytes() >= 0 && head.dataBytes() <= head.type().maxDataBytes, "data");
        boolean keyed = head.type() == Type.PUT;
        require(keyed ? head.keyBytes() <= MAX_KEY_BYTES : head.keyBytes() == 0, "key");
        return head;
    }

    private static LogEntry entry(Head head, ByteBuffer key, ByteBuffer data)
            throws MalformedEntry {
        Position at = head.position();
        return switch (head.type()) {
            case WRITE -> {
                requireRange(head);
                require(head.length() == data.remaining(), "length of the data");
                yield new LogEntry.Write(at, head.lun(), head.offset(), data, head.dataCrc());
            }
            case UNMAP -> {
                requireRange(head);
                yield new LogEntry.Unmap(at, head.lun(), head.offset(), head.length());
            }
            case WRITE_SAME -> {
                requireRange(head);
                require(data.remaining() == Blocks.SECTOR, "length of the pattern");
                yield new LogEntry.WriteSame(at, head.lun(), head.offset(), head.length(), data);
            }
            case PUT -> {
                boolean unused = head.lun() == 0 && head.offset() == 0 && head.length() == 0;
                require(unused, "an unused field");
                yield new LogEntry.Put(at, text(key), data);
            }
            case EPOCH_OPENED ->
                    new LogEntry.EpochOpened(
                            at, position(head.lun(), head.offset(), head.length()));
        };
    }

    private static Position position(int counter, long node, long sequence) throws MalformedEntry {
        require(counter >= 0 && sequence >= 0, "position");
        return new Position(new Epoch(counter, node), sequence);
    }

    private static void requireRange(Head head) throws MalformedEntry {
        long offset = head.offset();
        long length = head.length();
        require(offset >= 0 && offset % Blocks.SECTOR == 0, "offset");
        require(length >= 0 && length % Blocks.SECTOR == 0, "length");
        require(length <= Long.MAX_VALUE - offset, "end of the range");
    }

    private static String text(ByteBuffer key) throws MalformedEntry {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(key).toString();
        } catch (CharacterCodingException e) {
            throw new MalformedEntry("key is not UTF-8: " + e.getMessage());
        }
    }

    private static void require(boolean condition, String field) throws MalformedEntry {
        if (!condition) {
            throw new MalformedEntry(field);
        }
    }

    /// What entries of `encodedBytes` together take if they are in one commit, and nothing else is.
    public static long aloneBytes(long encodedBytes) {
        long batchBytes = ALONE_BATCH_BYTES - LogFormat.BATCH_HEADER_BYTES;
        long batches = 1L + encodedBytes / batchBytes;
        return Blocks.toBytes(
                Blocks.roundUp(encodedBytes + batches * LogFormat.BATCH_HEADER_BYTES));
    }
}
