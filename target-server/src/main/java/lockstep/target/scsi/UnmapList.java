package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// The parameter list of UNMAP (SBC-3 5.29), checked as a whole before anything is unmapped: `data
/// length(2) | descriptors length(2) | reserved(4) | { LBA(8) | count(4) | reserved(4) }...`
final class UnmapList {
    private static final int HEADER_BYTES = 8;
    private static final int DESCRIPTOR_BYTES = 16;

    private UnmapList() {}

    /// What the list says.
    sealed interface Checked {}

    /// It breaks a rule.
    record Refused(SenseData sense) implements Checked {}

    /// It names these ranges, in sectors; both arrays are equally long.
    @SuppressWarnings("ArrayRecordComponent") // a message, never compared
    record Ranges(long[] lbas, long[] sectors) implements Checked {}

    /// Checks the list in `borrowed` against the LUN's size and the limits. `listBytes` is what the
    /// CDB said; 0 is allowed and unmaps nothing.
    static Checked check(
            @Nullable IoBuffer borrowed, int listBytes, long lunSectors, ScsiLimits limits) {
        if (listBytes == 0) {
            return new Ranges(new long[0], new long[0]);
        }
        if (listBytes < HEADER_BYTES || borrowed == null || borrowed.size() < listBytes) {
            return new Refused(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        ByteBuffer list = borrowed.view();
        int descriptorBytes = list.getShort(2) & 0xFFFF;
        if (descriptorBytes > listBytes - HEADER_BYTES) {
            return new Refused(Sense.PARAMETER_LIST_LENGTH_ERROR.plain());
        }
        int count = descriptorBytes / DESCRIPTOR_BYTES;
        if (count > limits.unmapDescriptorsMax()) {
            return new Refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(2));
        }
        return ranges(list, count, lunSectors, limits);
    }

    private static Checked ranges(ByteBuffer list, int count, long lunSectors, ScsiLimits limits) {
        long[] lbas = new long[count];
        long[] sectors = new long[count];
        long sum = 0;
        for (int index = 0; index < count; index++) {
            int at = HEADER_BYTES + index * DESCRIPTOR_BYTES;
            lbas[index] = list.getLong(at);
            sectors[index] = list.getInt(at + 8) & 0xFFFF_FFFFL;
            if (lbas[index] < 0
                    || lbas[index] > lunSectors
                    || sectors[index] > lunSectors - lbas[index]) {
                return new Refused(Sense.LBA_OUT_OF_RANGE.plain());
            }
            sum += sectors[index];
            if (sum > limits.unmapMax()) {
                return new Refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(at + 8));
            }
        }
        return new Ranges(lbas, sectors);
    }
}
