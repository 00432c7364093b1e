package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// How the log lies on its device. All numbers big-endian. Version 1; the header of a log that has
/// or had a second copy is of version 2.
///
/// ```
/// device:   [log header][log header, copy][segment 0][segment 1] ...      headers are one block
/// segment:  [segment header: one block][batch][batch] ...                 batches start on a block
/// batch:    [batch header: 160 bytes][payload][zeros up to the block]
///
/// log header            segment header               batch header
///  0 i64 "LKSTNLOG"      0 i64 "LKSTNSEG"             0 i64 "LKSTNBAT"
///  8 i32 version         8 i32 version                8 i32 version
/// 12 i32 segment bytes  12 i32 index in the chain    12 i32 index of its segment in the chain
/// 16 i64 log id         16 i64 log id                16 i64 log id
/// 24 u32 CRC32C of 0..  24 i64 volume, high          24 i64 volume, high
/// version 2:
/// 24 i64 generation
/// 32 i32 state: 1 alone, 2 both
/// 36 u32 CRC32C of 0..
///
///                       32 i64 volume, low           32 i64 volume, low
///                       40 i64 half                  40 i64 half
///                       48 i64 nonce of the half     48 i64 nonce of the half
///                       56 u32 CRC32C of 0..         56 i64 batch number in the half, from 0
///                                                    64 i32 bytes of payload
///                                                    68 u32 CRC32C of the payload
///                                                    72 i32 entries that end in this batch
///                                                    76 i32 0
///                                                    80     continues: half i64, position 20
///                                                   108     settled:   half i64, position 20
///                                                   136 u32 CRC32C of 0..135; zeros up to 160
/// ```
///
/// The payloads of a half's batches, joined in the order of their numbers, are its entries, one
/// after the other; an entry that does not fit into a segment goes on in the next batch.
/// *continues* names the last entry appended to the stream before this batch's first; *settled* the
/// last one that was durable when this batch was made. Half -1 means none. Each header lies within
/// one sector, so a tear leaves it whole or absent. The batch header repeats what the segment
/// header says, so a segment with a rotten header still tells whose it is.
final class LogFormat {
    static final int VERSION = 1;

    /// Where segments begin.
    static final long SEGMENTS_AT = 2L * Blocks.SIZE;

    /// Bytes before a batch's payload.
    static final int BATCH_HEADER_BYTES = 160;

    /// Bytes of a segment that its header takes.
    static final int SEGMENT_HEADER_BYTES = Blocks.SIZE;

    static final int MIN_SEGMENT_BYTES = 4 * Blocks.SIZE;
    static final int MAX_SEGMENT_BYTES = 64 << 20;

    private static final long LOG_MAGIC = 0x4C4B53544E4C4F47L;
    private static final long SEGMENT_MAGIC = 0x4C4B53544E534547L;
    private static final long BATCH_MAGIC = 0x4C4B53544E424154L;
    private static final int LOG_CRC_AT = 24;
    private static final int COPY_CRC_AT = 36;
    private static final int COPY_VERSION = 2;
    private static final int SEGMENT_CRC_AT = 56;
    private static final int BATCH_CRC_AT = 136;

    private LogFormat() {}

    /// The log never had a second copy.
    static final int SINGLE = 0;

    /// The other copy of the log is out.
    static final int ALONE = 1;

    /// This is one of two copies of the log.
    static final int BOTH = 2;

    /// The whole log. `generation` grows with every change of which copies are in.
    record LogHeader(int segmentBytes, long logId, long generation, int state) {
        LogHeader(int segmentBytes, long logId) {
            this(segmentBytes, logId, 0, SINGLE);
        }

        /// The same log with other copies in.
        LogHeader next(int newState) {
            return new LogHeader(segmentBytes, logId, generation + 1, newState);
        }
    }

    /// Whose half, and which of the chains that ever had this name: the nonce tells stale content
    /// of an earlier use from this one.
    record ChainId(VolumeId volume, long half, long nonce) {}

    /// A segment's place.
    record SegmentHeader(long logId, ChainId chain, int index) {}

    /// A place in a stream: an entry and the half that it is in.
    record Mark(long half, Position position) {
        /// Before the first entry.
        static final Mark NONE = new Mark(-1, Position.NONE);
    }

    /// Everything that a batch says of itself.
    record BatchHeader(
            SegmentHeader segment,
            long number,
            int payloadBytes,
            int payloadCrc,
            int entries,
            Mark continues,
            Mark settled) {

        /// Bytes on the device, up to the next batch.
        long paddedBytes() {
            return Blocks.toBytes(Blocks.roundUp(BATCH_HEADER_BYTES + (long) payloadBytes));
        }
    }

    /// Puts `header` into the block at the position of `into`.
    static void encode(LogHeader header, ByteBuffer into) {
        int at = into.position();
        boolean single = header.state() == SINGLE;
        into.putLong(at, LOG_MAGIC).putInt(at + 8, single ? VERSION : COPY_VERSION);
        into.putInt(at + 12, header.segmentBytes()).putLong(at + 16, header.logId());
        if (single) {
            into.putInt(at + LOG_CRC_AT, Crc32c.of(into, at, LOG_CRC_AT));
        } else {
            into.putLong(at + 24, header.generation()).putInt(at + 32, header.state());
            into.putInt(at + COPY_CRC_AT, Crc32c.of(into, at, COPY_CRC_AT));
        }
    }

    /// The header of a log at the position of `block`, or null if there is none.
    static @Nullable LogHeader decodeLog(ByteBuffer block) {
        int at = block.position();
        boolean single = isWhole(block, LOG_MAGIC, VERSION, LOG_CRC_AT);
        if (!single && !isWhole(block, LOG_MAGIC, COPY_VERSION, COPY_CRC_AT)) {
            return null;
        }
        int state = single ? SINGLE : block.getInt(at + 32);
        int segmentBytes = block.getInt(at + 12);
        boolean sane =
                segmentBytes >= MIN_SEGMENT_BYTES
                        && segmentBytes <= MAX_SEGMENT_BYTES
                        && Blocks.isAligned(segmentBytes)
                        && (single || state == ALONE || state == BOTH);
        long generation = single ? 0 : block.getLong(at + 24);
        return sane ? new LogHeader(segmentBytes, block.getLong(at + 16), generation, state) : null;
    }

    /// Puts `header` into the block at the position of `into`.
    static void encode(SegmentHeader header, ByteBuffer into) {
        int at = into.position();
        putSegment(header, SEGMENT_MAGIC, into);
        into.putInt(at + SEGMENT_CRC_AT, Crc32c.of(into, at, SEGMENT_CRC_AT));
    }

    /// The header of a segment at the position of `block`, or null if it is not one.
    static @Nullable SegmentHeader decodeSegment(ByteBuffer block) {
        return isWhole(block, SEGMENT_MAGIC, VERSION, SEGMENT_CRC_AT) ? getSegment(block) : null;
    }

    /// Puts `header` at the position of `into`.
    static void encode(BatchHeader header, ByteBuffer into) {
        int at = into.position();
        putSegment(header.segment(), BATCH_MAGIC, into);
        into.putLong(at + 56, header.number()).putInt(at + 64, header.payloadBytes());
        into.putInt(at + 68, header.payloadCrc()).putInt(at + 72, header.entries());
        into.putInt(at + 76, 0);
        putMark(header.continues(), at + 80, into);
        putMark(header.settled(), at + 108, into);
        into.putInt(at + BATCH_CRC_AT, Crc32c.of(into, at, BATCH_CRC_AT));
        for (int i = at + BATCH_CRC_AT + 4; i < at + BATCH_HEADER_BYTES; i++) {
            into.put(i, (byte) 0);
        }
    }

    /// The header of a batch at the position of `bytes`, or null if it is not one.
    static @Nullable BatchHeader decodeBatch(ByteBuffer bytes) {
        int at = bytes.position();
        if (!isWhole(bytes, BATCH_MAGIC, VERSION, BATCH_CRC_AT)) {
            return null;
        }
        Mark continues = getMark(bytes, at + 80);
        Mark settled = getMark(bytes, at + 108);
        SegmentHeader segment = getSegment(bytes);
        int payloadBytes = bytes.getInt(at + 64);
        long number = bytes.getLong(at + 56);
        boolean sane = payloadBytes >= 0 && payloadBytes <= MAX_SEGMENT_BYTES && number >= 0;
        if (!sane || segment == null || continues == null || settled == null) {
            return null;
        }
        return new BatchHeader(
                segment,
                number,
                payloadBytes,
                bytes.getInt(at + 68),
                bytes.getInt(at + 72),
                continues,
                settled);
    }

    private static boolean isWhole(ByteBuffer bytes, long magic, int version, int crcAt) {
        int at = bytes.position();
        return bytes.remaining() >= crcAt + 4
                && bytes.getLong(at) == magic
                && bytes.getInt(at + 8) == version
                && bytes.getInt(at + crcAt) == Crc32c.of(bytes, at, crcAt);
    }

    private static void putSegment(SegmentHeader header, long magic, ByteBuffer into) {
        int at = into.position();
        ChainId chain = header.chain();
        Check.that(chain.half() >= 0 && header.index() >= 0, "a chain is numbered from 0");
        into.putLong(at, magic).putInt(at + 8, VERSION).putInt(at + 12, header.index());
        into.putLong(at + 16, header.logId());
        into.putLong(at + 24, chain.volume().high()).putLong(at + 32, chain.volume().low());
        into.putLong(at + 40, chain.half()).putLong(at + 48, chain.nonce());
    }

    private static @Nullable SegmentHeader getSegment(ByteBuffer bytes) {
        int at = bytes.position();
        VolumeId volume = new VolumeId(bytes.getLong(at + 24), bytes.getLong(at + 32));
        long half = bytes.getLong(at + 40);
        int index = bytes.getInt(at + 12);
        if (half < 0 || index < 0) {
            return null;
        }
        ChainId chain = new ChainId(volume, half, bytes.getLong(at + 48));
        return new SegmentHeader(bytes.getLong(at + 16), chain, index);
    }

    private static void putMark(Mark mark, int at, ByteBuffer into) {
        Epoch epoch = mark.position().epoch();
        into.putLong(at, mark.half()).putInt(at + 8, epoch.counter());
        into.putLong(at + 12, epoch.node()).putLong(at + 20, mark.position().sequence());
    }

    private static @Nullable Mark getMark(ByteBuffer bytes, int at) {
        int counter = bytes.getInt(at + 8);
        long sequence = bytes.getLong(at + 20);
        if (counter < 0 || sequence < 0) {
            return null;
        }
        Epoch epoch = new Epoch(counter, bytes.getLong(at + 12));
        return new Mark(bytes.getLong(at), new Position(epoch, sequence));
    }
}
