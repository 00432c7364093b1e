package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.LunSpace;

import java.util.ArrayList;
import java.util.List;

/// The mode pages of a logical unit, and MODE SENSE. Caching: no volatile cache, every acknowledged
/// write is durable (WCE 0, RCD 0). What can be changed is software write protection in the control
/// page; it is kept until a reset, and nothing is saved.
final class ModePages {
    private static final int ALL_PAGES = 0x3F;
    private static final int ALL_SUBPAGES = 0xFF;
    private static final int SAVED = 3;
    private static final int DEFAULT = 2;
    private static final int CHANGEABLE = 1;
    private static final int DPO_FUA = 0x10;
    private static final int WRITE_PROTECTED = 0x80;
    private static final int SUBPAGE_FORMAT = 0x40;

    /// SWP in byte 4 of the control page.
    private static final int PROTECTION_AT = 4;

    private static final byte PROTECTION = 0x08;

    /// A page, as MODE SENSE sends it and MODE SELECT must bring it, and the bits that may differ.
    @SuppressWarnings("ArrayRecordComponent") // never compared as a record
    record Page(byte[] current, byte[] changeable) {
        int code() {
            return current[0] & 0x3F;
        }

        int subpage() {
            return (current[0] & SUBPAGE_FORMAT) == 0 ? 0 : current[1] & 0xFF;
        }
    }

    private boolean writeProtected;

    /// Whether hosts may not write now.
    boolean isWriteProtected() {
        return writeProtected;
    }

    /// Back to the defaults.
    void reset() {
        writeProtected = false;
    }

    /// Takes a page that MODE SELECT brought and that differs in changeable bits only.
    void take(Page known, byte[] brought) {
        if (known.code() == 0x0A && known.subpage() == 0) {
            writeProtected = (brought[PROTECTION_AT] & PROTECTION) != 0;
        }
    }

    /// All pages with their current values, in order.
    List<Page> pages(LunSpace space) {
        byte[] control = control();
        control[PROTECTION_AT] = writeProtected ? PROTECTION : 0;
        byte[] controlMask = new byte[control.length];
        controlMask[PROTECTION_AT] = PROTECTION;
        return List.of(
                fixed(page(0x08, 20)),
                new Page(control, controlMask),
                fixed(page(0x1C, 12)), // MRIE 0: nothing is reported
                fixed(provisioning(space)));
    }

    /// QUEUE ALGORITHM MODIFIER 1: unrestricted reordering. TAS 0: a task that another nexus aborts
    /// does not answer.
    private static byte[] control() {
        byte[] control = page(0x0A, 12);
        control[3] = 0x10;
        return control;
    }

    /// 1Ch/02h: one threshold, soft, armed when the used resource grows; every nexus is told.
    private static byte[] provisioning(LunSpace space) {
        return new ParameterData()
                .u8(SUBPAGE_FORMAT | 0x1C)
                .u8(0x02)
                .u16(20)
                .zeros(12)
                .u8(0x81)
                .u8(LogPages.USED)
                .u16(0)
                .u32(ThinProvisioning.softThreshold(space))
                .toBytes();
    }

    private static Page fixed(byte[] page) {
        return new Page(page, new byte[page.length]);
    }

    ScsiResult answer(ScsiCommand.ModeSense command, LunRecord record, LunSpace space) {
        if (command.control() == SAVED) {
            return ScsiResult.check(Sense.SAVING_PARAMETERS_NOT_SUPPORTED);
        }
        List<Page> wanted = select(command, space);
        if (wanted.isEmpty()) {
            boolean known = pages(space).stream().anyMatch(page -> page.code() == command.page());
            return new ScsiResult.CheckCondition(
                    Sense.INVALID_FIELD_IN_CDB.field(known || command.page() == ALL_PAGES ? 3 : 2));
        }
        ParameterData data = header(command, record);
        for (Page page : wanted) {
            data.raw(values(page, command.control()));
        }
        if (command.ten()) {
            data.patch16(0, data.size() - 2);
        } else {
            data.patch8(0, data.size() - 1);
        }
        return data.upTo(command.allocation());
    }

    private static byte[] values(Page page, int control) {
        byte[] values = page.current.clone();
        int from = page.subpage() == 0 ? 2 : 4;
        for (int at = from; at < values.length; at++) {
            if (control == CHANGEABLE) {
                values[at] = page.changeable[at];
            } else if (control == DEFAULT) {
                values[at] = (byte) (values[at] & ~page.changeable[at]); // begins as 0
            }
        }
        return values;
    }

    private List<Page> select(ScsiCommand.ModeSense command, LunSpace space) {
        List<Page> selected = new ArrayList<>();
        for (Page page : pages(space)) {
            boolean code = command.page() == ALL_PAGES || command.page() == page.code();
            boolean subpage =
                    command.subpage() == ALL_SUBPAGES || command.subpage() == page.subpage();
            if (code && subpage && (command.page() != ALL_PAGES || isForAll(command.subpage()))) {
                selected.add(page);
            }
        }
        return selected;
    }

    private static boolean isForAll(int subpage) {
        return subpage == 0 || subpage == ALL_SUBPAGES;
    }

    private ParameterData header(ScsiCommand.ModeSense command, LunRecord record) {
        boolean wide = command.ten() && command.longDescriptor();
        int descriptorBytes = !command.withDescriptor() ? 0 : wide ? 16 : 8;
        boolean isProtected = writeProtected || record.readOnly();
        int device = DPO_FUA | (isProtected ? WRITE_PROTECTED : 0);
        ParameterData data = new ParameterData();
        if (command.ten()) {
            data.u16(0).u8(0).u8(device).u8(wide ? 1 : 0).u8(0).u16(descriptorBytes);
        } else {
            data.u8(0).u8(0).u8(device).u8(descriptorBytes);
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
