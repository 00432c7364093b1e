package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The parameter list of EXTENDED COPY(LID1) (SPC-4 6.4.3), checked as a whole before anything is
/// copied:
///
/// ```
/// list id(1) | list id usage in bits 4..3 (1) | CSCD bytes(2) | 0(4) | segment bytes(4) |
/// inline bytes(4) | CSCD descriptors, 32 bytes each | segment descriptors
/// CSCD E4h: E4 | ignored(2 bits) NUL(1 bit) device type(5 bits) | relative port(2) | code set |
///           association and designator type | 0 | length | designator(20) | pad | block length(3)
/// segment 02h: 02 | DC, CAT | 0018h | source(2) | destination(2) | 0(2) | blocks(2) |
///           source LBA(8) | destination LBA(8)
/// ```
final class CopyList {
    static final int CSCDS_MAX = 16;
    static final int SEGMENTS_MAX = 64;

    /// Descriptor type codes that are known, in order.
    static final int BLOCK_TO_BLOCK = 0x02;

    static final int IDENTIFICATION = 0xE4;

    private static final int HEADER_BYTES = 16;
    private static final int CSCD_BYTES = 32;
    private static final int SEGMENT_BYTES = 28;

    /// Bytes of both kinds of descriptors together, at most.
    static final int DESCRIPTORS_BYTES_MAX = CSCDS_MAX * CSCD_BYTES + SEGMENTS_MAX * SEGMENT_BYTES;

    /// Bytes of a list, at most.
    static final int BYTES_MAX = HEADER_BYTES + DESCRIPTORS_BYTES_MAX;

    private static final int USAGE_NONE = 3;
    private static final int NAA_BINARY_UNIT = 0x0103_0010;

    private CopyList() {}

    /// What a list says.
    sealed interface Checked {}

    /// It breaks a rule.
    record Refused(SenseData sense) implements Checked {}

    /// It asks for these copies, in order. Results are kept under `listId` if it is `kept`.
    record Copies(int listId, boolean kept, List<Cscd> cscds, List<Segment> segments)
            implements Checked {}

    /// A copy source or copy destination: the logical unit with this NAA name. `absent` stands for
    /// none (NUL); so does a name of another kind, which no logical unit here has.
    record Cscd(boolean absent, long naaHigh, long naaLow) {}

    /// Copies `sectors` sectors.
    record Segment(int source, int destination, int sectors, long sourceLba, long destinationLba) {}

    /// Checks the list in `borrowed`, of which the CDB said that it has `listBytes` bytes.
    static Checked check(@Nullable IoBuffer borrowed, int listBytes) {
        if (listBytes == 0) {
            return new Copies(0, false, List.of(), List.of());
        }
        if (listBytes < HEADER_BYTES || borrowed == null || borrowed.size() < listBytes) {
            return new Refused(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        ByteBuffer list = borrowed.view().slice(0, listBytes);
        int cscdBytes = list.getShort(2) & 0xFFFF;
        long segmentBytes = list.getInt(8) & 0xFFFF_FFFFL;
        long descriptorBytes = cscdBytes + segmentBytes;
        if (descriptorBytes > DESCRIPTORS_BYTES_MAX || descriptorBytes > listBytes - HEADER_BYTES) {
            return new Refused(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        if (list.getInt(12) != 0) {
            return new Refused(Sense.INLINE_DATA_LENGTH_EXCEEDED.plain());
        }
        if (cscdBytes % CSCD_BYTES != 0) {
            return new Refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(2));
        }
        if (cscdBytes / CSCD_BYTES > CSCDS_MAX) {
            return new Refused(Sense.TOO_MANY_TARGET_DESCRIPTORS.plain());
        }
        int usage = list.get(1) >> 3 & 3;
        Copies copies =
                new Copies(
                        list.get(0) & 0xFF,
                        usage != USAGE_NONE,
                        new ArrayList<>(),
                        new ArrayList<>());
        SenseData wrong = cscds(list, cscdBytes, copies.cscds);
        if (wrong == null) {
            wrong = segments(list, HEADER_BYTES + cscdBytes, (int) segmentBytes, copies.segments);
        }
        return wrong == null ? copies : new Refused(wrong);
    }

    private static @Nullable SenseData cscds(ByteBuffer list, int bytes, List<Cscd> into) {
        for (int at = HEADER_BYTES; at < HEADER_BYTES + bytes; at += CSCD_BYTES) {
            if ((list.get(at) & 0xFF) != IDENTIFICATION) {
                return Sense.UNSUPPORTED_TARGET_DESCRIPTOR.field(at);
            }
            int kind = list.get(at + 1);
            boolean absent = (kind & 0x20) != 0;
            boolean disk = (kind & 0x1F) == 0;
            if (!disk) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at + 1);
            }
            boolean sectors = (list.getInt(at + 28) & 0xFF_FFFF) == Blocks.SECTOR;
            if (!absent && !sectors) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at + 29);
            }
            boolean naa = (list.getInt(at + 4) & 0x0F3F_00FF) == NAA_BINARY_UNIT;
            into.add(
                    absent || !naa
                            ? new Cscd(true, 0, 0)
                            : new Cscd(false, list.getLong(at + 8), list.getLong(at + 16)));
        }
        return null;
    }

    private static @Nullable SenseData segments(
            ByteBuffer list, int from, int bytes, List<Segment> into) {
        int end = from + bytes;
        int at = from;
        while (at < end) {
            if ((list.get(at) & 0xFF) != BLOCK_TO_BLOCK) {
                return Sense.UNSUPPORTED_SEGMENT_DESCRIPTOR.field(at);
            }
            if (end - at < SEGMENT_BYTES) {
                return Sense.PARAMETER_LIST_LENGTH_ERROR.plain();
            }
            if (list.getShort(at + 2) != SEGMENT_BYTES - 4) {
                return Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at + 2);
            }
            if (into.size() == SEGMENTS_MAX) {
                return Sense.TOO_MANY_SEGMENT_DESCRIPTORS.plain();
            }
            into.add(
                    new Segment(
                            list.getShort(at + 4) & 0xFFFF,
                            list.getShort(at + 6) & 0xFFFF,
                            list.getShort(at + 10) & 0xFFFF,
                            list.getLong(at + 12),
                            list.getLong(at + 20)));
            at += SEGMENT_BYTES;
        }
        return null;
    }
}
