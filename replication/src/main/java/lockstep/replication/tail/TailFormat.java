package lockstep.replication.tail;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/// The bytes of a file that keeps a divergent tail. Big endian:
///
/// ```
/// file:   | "LSTAIL" CR LF (8) | version (4) | record of kind 0 | record ... | record of kind 4 |
/// record: | bytes of the rest (4) | CRC32C of the rest (4) | kind (1) | ... |
/// 0 head:       | volume (16) | node (8) | kept at: ms since 1970 (8) | common cp (20) |
///               | image cp (20) | shared up to: epoch (12), sequence (8) |
///               | name: length (2), UTF-8 |
/// 1 range:      | lun (4) | offset (8) | bytes (8) | place (21) | data: length (4), bytes |
/// 2 value:      | place (21) | key: length (2), UTF-8 | value: length (4), bytes |
/// 3 unreadable: | lun (4) | offset (8) | bytes (8) | place (21) |
/// 4 end:        | records of kinds 1 to 3 (8) |
/// place:        | 1: log entry, 2: image (1) | epoch: counter (4), node (8) | number (8) |
/// cp:           | epoch (12) | count (8) |
/// ```
///
/// Records stand in the order in which they have to be applied: what images hold, then log entries.
/// No data are zeros; data shorter than the range are repeated. A file without an end is not whole.
public final class TailFormat {
    /// The version written.
    public static final int VERSION = 1;

    /// A record is no longer than this.
    public static final int MAX_RECORD = (16 << 20) + (64 << 10);

    private static final byte[] MAGIC = "LSTAIL\r\n".getBytes(StandardCharsets.US_ASCII);
    private static final int BEGIN = 12;
    private static final int RECORD_HEADER = 8;
    private static final byte HEAD = 0;
    private static final byte RANGE = 1;
    private static final byte VALUE = 2;
    private static final byte UNREADABLE = 3;
    private static final byte END = 4;
    private static final byte IN_LOG = 1;
    private static final byte IN_IMAGE = 2;
    private static final int PLACE = 21;

    private TailFormat() {}

    /// One record of a file.
    public sealed interface Part {}

    /// Whose tail it is. `common` is the image that the copy went back to ([CpId#NONE]: none),
    /// `image` the one that it had; entries up to `sharedUpTo` are left out, because the partner
    /// has them.
    public record Head(
            VolumeId volume,
            long node,
            long keptMillis,
            CpId common,
            CpId image,
            Position sharedUpTo,
            String volumeName)
            implements Part {}

    /// Where a change stood: entry `number` of an epoch's log, or the image of that count.
    public record Place(boolean inLog, Epoch epoch, long number) {
        static Place of(@Nullable CpId cp, @Nullable Position position) {
            return cp != null
                    ? new Place(false, cp.epoch(), cp.count())
                    : position != null
                            ? new Place(true, position.epoch(), position.sequence())
                            : new Place(true, Epoch.NONE, 0);
        }
    }

    /// `bytes` of LUN `lun` from `offset` are `data`, repeated if shorter, or zeros if empty.
    public record Range(int lun, long offset, long bytes, Place place, ByteBuffer data)
            implements Part {}

    /// `key` of the volume's own state is `value`.
    public record Value(String key, ByteBuffer value, Place place) implements Part {}

    /// A range that was changed could not be read; `bytes` of 0: from `offset` on, nobody knows how
    /// much.
    public record Unreadable(int lun, long offset, long bytes, Place place) implements Part {}

    /// That was all of it: `records` between head and end.
    public record End(long records) implements Part {}

    /// What a file begins with.
    public static ByteBuffer begin() {
        return ByteBuffer.allocate(BEGIN).put(MAGIC).putInt(VERSION).flip();
    }

    /// The bytes of `record`.
    public static ByteBuffer encode(Part record) {
        ByteBuffer out = ByteBuffer.allocate(RECORD_HEADER + 1 + bodyBytes(record));
        out.position(RECORD_HEADER);
        switch (record) {
            case Head h -> {
                out.put(HEAD).putLong(h.volume().high()).putLong(h.volume().low());
                out.putLong(h.node()).putLong(h.keptMillis());
                put(out, h.common().epoch(), h.common().count());
                put(out, h.image().epoch(), h.image().count());
                put(out, h.sharedUpTo().epoch(), h.sharedUpTo().sequence());
                putText(out, h.volumeName());
            }
            case Range r -> {
                out.put(RANGE).putInt(r.lun()).putLong(r.offset()).putLong(r.bytes());
                put(out, r.place());
                out.putInt(r.data().remaining()).put(r.data().duplicate());
            }
            case Value v -> {
                out.put(VALUE);
                put(out, v.place());
                putText(out, v.key());
                out.putInt(v.value().remaining()).put(v.value().duplicate());
            }
            case Unreadable u -> {
                out.put(UNREADABLE).putInt(u.lun()).putLong(u.offset()).putLong(u.bytes());
                put(out, u.place());
            }
            case End e -> out.put(END).putLong(e.records());
        }
        int length = out.position() - RECORD_HEADER;
        out.putInt(0, length).putInt(4, Crc32c.of(out, RECORD_HEADER, length));
        return out.flip();
    }

    private static int bodyBytes(Part record) {
        return switch (record) {
            case Head h -> 92 + 2 + utf8(h.volumeName()).length;
            case Range r -> 20 + PLACE + 4 + r.data().remaining();
            case Value v -> PLACE + 2 + utf8(v.key()).length + 4 + v.value().remaining();
            case Unreadable _ -> 20 + PLACE;
            case End _ -> 8;
        };
    }

    /// Steps over what a file begins with. Returns what is wrong with it, or null.
    public static @Nullable String readBegin(ByteBuffer in) {
        byte[] magic = new byte[MAGIC.length];
        if (in.remaining() < BEGIN || !java.util.Arrays.equals(read(in, magic), MAGIC)) {
            return "this is no file of a tail";
        }
        int version = in.getInt();
        return version == VERSION ? null : "it is of version " + version + ", which is not known";
    }

    private static byte[] read(ByteBuffer in, byte[] into) {
        in.get(into);
        return into;
    }

    /// Reads the record at the position of `in` and steps over it; null if it is cut off or
    /// damaged.
    public static @Nullable Part read(ByteBuffer in) {
        if (in.remaining() < RECORD_HEADER + 1) {
            return null;
        }
        int length = in.getInt(in.position());
        if (length <= 0 || length > Math.min(MAX_RECORD, in.remaining() - RECORD_HEADER)) {
            return null;
        }
        ByteBuffer body = in.slice(in.position() + RECORD_HEADER, length);
        if (Crc32c.of(body, 0, length) != in.getInt(in.position() + 4)) {
            return null;
        }
        try {
            Part record = decode(body);
            if (record != null) {
                in.position(in.position() + RECORD_HEADER + length);
            }
            return record;
        } catch (BufferUnderflowException | IllegalArgumentException _) {
            return null;
        }
    }

    private static @Nullable Part decode(ByteBuffer in) {
        return switch (in.get()) {
            case HEAD ->
                    new Head(
                            new VolumeId(in.getLong(), in.getLong()),
                            in.getLong(),
                            in.getLong(),
                            new CpId(epoch(in), in.getLong()),
                            new CpId(epoch(in), in.getLong()),
                            new Position(epoch(in), in.getLong()),
                            text(in));
            case RANGE -> new Range(in.getInt(), in.getLong(), in.getLong(), place(in), bytes(in));
            case VALUE -> {
                Place place = place(in);
                yield new Value(text(in), bytes(in), place);
            }
            case UNREADABLE -> new Unreadable(in.getInt(), in.getLong(), in.getLong(), place(in));
            case END -> new End(in.getLong());
            default -> null;
        };
    }

    private static void put(ByteBuffer out, Place place) {
        out.put(place.inLog() ? IN_LOG : IN_IMAGE);
        put(out, place.epoch(), place.number());
    }

    private static void put(ByteBuffer out, Epoch epoch, long number) {
        out.putInt(epoch.counter()).putLong(epoch.node()).putLong(number);
    }

    private static Place place(ByteBuffer in) {
        return new Place(in.get() == IN_LOG, epoch(in), in.getLong());
    }

    private static Epoch epoch(ByteBuffer in) {
        return new Epoch(in.getInt(), in.getLong());
    }

    private static void putText(ByteBuffer out, String text) {
        byte[] bytes = utf8(text);
        out.putShort((short) bytes.length).put(bytes);
    }

    private static String text(ByteBuffer in) {
        byte[] bytes = new byte[Short.toUnsignedInt(in.getShort())];
        return new String(read(in, bytes), StandardCharsets.UTF_8);
    }

    private static ByteBuffer bytes(ByteBuffer in) {
        int length = in.getInt();
        ByteBuffer view = in.slice(in.position(), length);
        in.position(in.position() + length);
        return view;
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
