package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;

/// MODE SENSE: caching (no volatile cache: every acknowledged write is durable), control, and
/// informational exceptions. Nothing is changeable and nothing is saved.
final class ModePages {
    private static final int ALL_PAGES = 0x3F;
    private static final int ALL_SUBPAGES = 0xFF;
    private static final int SAVED = 3;
    private static final int CHANGEABLE = 1;
    private static final int DPO_FUA = 0x10;

    /// Page 08h. WCE 0, RCD 0.
    private static final byte[] CACHING = page(0x08, 20);

    /// Page 0Ah. QUEUE ALGORITHM MODIFIER 1: unrestricted reordering. TAS 0: a task that another
    /// nexus aborts does not answer.
    private static final byte[] CONTROL = page(0x0A, 12);

    /// Page 1Ch. MRIE 0: nothing is reported.
    private static final byte[] EXCEPTIONS = page(0x1C, 12);

    static {
        CONTROL[3] = 0x10;
    }

    private ModePages() {}

    static ScsiResult answer(ScsiCommand.ModeSense command, LunRecord record) {
        if (command.control() == SAVED) {
            return ScsiResult.check(Sense.SAVING_PARAMETERS_NOT_SUPPORTED);
        }
        boolean subpageKnown = command.subpage() == 0 || command.subpage() == ALL_SUBPAGES;
        byte[][] pages = pages(command.page());
        if (!subpageKnown || pages.length == 0) {
            return new ScsiResult.CheckCondition(
                    Sense.INVALID_FIELD_IN_CDB.field(subpageKnown ? 2 : 3));
        }
        ParameterData data = header(command, record);
        for (byte[] page : pages) {
            data.raw(command.control() == CHANGEABLE ? page(page[0], page.length) : page);
        }
        if (command.ten()) {
            data.patch16(0, data.size() - 2);
        } else {
            data.patch8(0, data.size() - 1);
        }
        return data.upTo(command.allocation());
    }

    private static byte[][] pages(int code) {
        return switch (code) {
            case 0x08 -> new byte[][] {CACHING};
            case 0x0A -> new byte[][] {CONTROL};
            case 0x1C -> new byte[][] {EXCEPTIONS};
            case ALL_PAGES -> new byte[][] {CACHING, CONTROL, EXCEPTIONS};
            default -> new byte[][] {};
        };
    }

    private static ParameterData header(ScsiCommand.ModeSense command, LunRecord record) {
        boolean wide = command.ten() && command.longDescriptor();
        int descriptorBytes = !command.withDescriptor() ? 0 : wide ? 16 : 8;
        ParameterData data = new ParameterData();
        if (command.ten()) {
            data.u16(0).u8(0).u8(DPO_FUA).u8(wide ? 1 : 0).u8(0).u16(descriptorBytes);
        } else {
            data.u8(0).u8(0).u8(DPO_FUA).u8(descriptorBytes);
        }
        long sectors = record.size() / Blocks.SECTOR;
        if (descriptorBytes == 16) {
            data.u64(sectors).u32(0).u32(Blocks.SECTOR);
        } else if (descriptorBytes == 8) {
            data.u32(Math.min(sectors, 0xFFFF_FFFFL)).u32(Blocks.SECTOR);
        }
        return data;
    }

    /// A page of `bytes` bytes with its header and zeros.
    private static byte[] page(int code, int bytes) {
        byte[] page = new byte[bytes];
        page[0] = (byte) code;
        page[1] = (byte) (bytes - 2);
        return page;
    }
}
