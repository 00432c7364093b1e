package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/// The vital product data pages, one constant each; page 00h lists exactly these.
enum VpdPages {
    /// The list of the pages.
    SUPPORTED(0x00) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            for (VpdPages each : values()) {
                page.u8(each.code);
            }
        }
    },
    /// Unit serial number: the LUN's identity.
    SERIAL_NUMBER(0x80) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            String serial = serial(record);
            page.ascii(serial, serial.length());
        }
    },
    /// Names of the logical unit (the same on both nodes), of this port and of this target.
    DEVICE_IDENTIFICATION(0x83) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u8(0x01).u8(0x03).u8(0).u8(16); // binary, logical unit, NAA
            page.u64(naaHigh(record)).u64(record.identity().getLeastSignificantBits());
            String vendorSpecific = serial(record);
            page.u8(0x02).u8(0x01).u8(0).u8(8 + vendorSpecific.length()); // ASCII, T10 vendor id
            page.ascii(Inquiry.VENDOR, 8).ascii(vendorSpecific, vendorSpecific.length());
            page.u8(ISCSI | 0x01).u8(PORT | 0x04).u8(0).u8(4).u16(0).u16(port.relativePort());
            page.u8(ISCSI | 0x01).u8(PORT | 0x05).u8(0).u8(4).u16(0).u16(port.portGroup());
            String portName = port.targetName() + ",t,0x" + hex4(port.portGroup());
            scsiName(page, PORT, portName);
            scsiName(page, DEVICE, port.targetName());
        }
    },
    /// Extended INQUIRY: simple tasks, no volatile cache.
    EXTENDED_INQUIRY(0x86) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u8(0).u8(0x01).zeros(58);
        }
    },
    /// Mode page policy: every page is shared by all nexuses.
    MODE_PAGE_POLICY(0x87) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u8(0x3F).u8(0xFF).u8(0).u8(0);
        }
    },
    /// Third-party copy: what the copy manager takes.
    THIRD_PARTY_COPY(0x8F) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            CopyManager.vitalPage(page);
        }
    },
    /// Block limits: those that are enforced.
    BLOCK_LIMITS(0xB0) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u8(0x01).u8(limits.compareMax()); // WSNZ
            page.u16(Blocks.SECTORS).u32(limits.transferMax()).u32(limits.transferOptimal());
            page.u32(0); // no limit of PRE-FETCH
            page.u32(limits.unmapMax()).u32(limits.unmapDescriptorsMax());
            page.u32(Blocks.SECTORS).u32(0x8000_0000L); // granularity; alignment 0 is valid
            page.u64(limits.writeSameMax());
            // Atomic writes of any alignment and granularity, none with boundaries.
            page.u32(limits.atomicMax()).u32(0).u32(0).u32(0).u32(0);
        }
    },
    /// Block device characteristics: non-rotating.
    BLOCK_CHARACTERISTICS(0xB1) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u16(1).zeros(58);
        }
    },
    /// Logical block provisioning: thin, with thresholds; UNMAP, WRITE SAME(16) and (10) unmap;
    /// unmapped reads zeros.
    LOGICAL_BLOCK_PROVISIONING(0xB2) {
        @Override
        void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits) {
            page.u8(ThinProvisioning.EXPONENT).u8(0xE0 | 0x04).u8(0x02).u8(0);
        }
    };

    /// Protocol identifier 5 in the high half of a designator's first byte.
    private static final int ISCSI = 0x50;

    /// PIV and association "target port".
    private static final int PORT = 0x90;

    /// PIV and association "target device".
    private static final int DEVICE = 0xA0;

    /// NAA 6 with an organisation id that is locally administered (bit 1 of its first byte set), as
    /// no registered one is ours: 6 02 4C 53, then 36 + 64 bits of the LUN's identity.
    private static final long NAA_PREFIX = 0x6024_C530_0000_0000L;

    private final int code;

    VpdPages(int code) {
        this.code = code;
    }

    static @Nullable VpdPages find(int code) {
        for (VpdPages page : values()) {
            if (page.code == code) {
                return page;
            }
        }
        return null;
    }

    abstract void fill(ParameterData page, LunRecord record, PortIdentity port, ScsiLimits limits);

    /// The whole page with its header.
    ParameterData build(LunRecord record, PortIdentity port, ScsiLimits limits) {
        ParameterData page = new ParameterData().u8(0x00).u8(code).u16(0);
        fill(page, record, port, limits);
        return page.patch16(2, page.size() - 4);
    }

    /// The first half of the unit's NAA name; the other is the low half of its identity.
    static long naaHigh(LunRecord record) {
        return NAA_PREFIX | record.identity().getMostSignificantBits() >>> 28;
    }

    private static String serial(LunRecord record) {
        return record.identity().toString().replace("-", "");
    }

    private static String hex4(int value) {
        String digits = Integer.toHexString(value);
        return "0".repeat(4 - digits.length()) + digits;
    }

    /// A SCSI name string: UTF-8, ended by a zero byte and padded to a multiple of 4.
    private static void scsiName(ParameterData page, int association, String name) {
        byte[] text = name.getBytes(StandardCharsets.UTF_8);
        byte[] padded = Arrays.copyOf(text, (text.length + 4) & ~3);
        page.u8(ISCSI | 0x03).u8(association | 0x08).u8(0).u8(padded.length).raw(padded);
    }
}
