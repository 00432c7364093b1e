package lockstep.target.scsi;

import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

/// INQUIRY data: the standard page and the dispatch of the vital pages.
final class Inquiry {
    /// T10 vendor identification, 8 characters.
    static final String VENDOR = "LOCKSTEP";

    private static final String PRODUCT = "BLOCK TARGET";
    private static final String REVISION = "0001";
    private static final int SPC_4 = 0x06;
    private static final int STANDARD_BYTES = 96;

    /// SAM-5, SPC-4, SBC-3, iSCSI: SPC-4 table 145, no version claimed.
    private static final int[] VERSION_DESCRIPTORS = {0x00A0, 0x0460, 0x04C0, 0x0960};

    private Inquiry() {}

    /// Answers `command` for the LUN of `record`, or for a LUN number behind which there is none
    /// (null).
    static ScsiResult answer(
            ScsiCommand.Inquiry command,
            @Nullable LunRecord record,
            PortIdentity port,
            ScsiLimits limits) {
        if (!command.vital()) {
            return command.page() != 0
                    ? new ScsiResult.CheckCondition(Sense.INVALID_FIELD_IN_CDB.field(2))
                    : standard(record != null).upTo(command.allocation());
        }
        if (record == null) {
            return ScsiResult.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
        }
        VpdPages page = VpdPages.find(command.page());
        return page == null
                ? new ScsiResult.CheckCondition(Sense.INVALID_FIELD_IN_CDB.field(2))
                : page.build(record, port, limits).upTo(command.allocation());
    }

    private static ParameterData standard(boolean exists) {
        // Peripheral qualifier 011b with type 1Fh: nothing can be here on this LUN number.
        ParameterData data =
                new ParameterData()
                        .u8(exists ? 0x00 : 0x7F)
                        .u8(0x00) // not removable
                        .u8(SPC_4)
                        .u8(0x12) // HISUP, response data format 2
                        .u8(STANDARD_BYTES - 5)
                        .u8(0x10 | (exists ? 0x08 : 0)) // TPGS: implicit asymmetric access; 3PC
                        .u8(0x10) // MULTIP
                        .u8(0x02) // CMDQUE
                        .ascii(VENDOR, 8)
                        .ascii(PRODUCT, 16)
                        .ascii(REVISION, 4)
                        .zeros(22);
        for (int descriptor : VERSION_DESCRIPTORS) {
            data.u16(descriptor);
        }
        return data.zeros(STANDARD_BYTES - data.size());
    }
}
