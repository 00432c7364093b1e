package lockstep.target.scsi;

import lockstep.blockstore.volume.LunSpace;

import org.jspecify.annotations.Nullable;

/// LOG SENSE: which pages there are, the space behind a thin unit, and informational exceptions, of
/// which there are none. Nothing is counted that could be reset.
enum LogPages {
    /// The list of the pages.
    SUPPORTED(0x00, 0x00) {
        @Override
        void fill(ParameterData page, LunSpace space) {
            for (LogPages each : values()) {
                if (each.subpage == 0) {
                    page.u8(each.code);
                }
            }
        }
    },
    /// The list of the pages and subpages.
    SUPPORTED_SUBPAGES(0x00, 0xFF) {
        @Override
        void fill(ParameterData page, LunSpace space) {
            for (LogPages each : values()) {
                page.u8(each.code).u8(each.subpage);
            }
        }
    },
    /// Threshold sets available and used; both are shared by the LUNs of the volume.
    LOGICAL_BLOCK_PROVISIONING(0x0C, 0x00) {
        @Override
        void fill(ParameterData page, LunSpace space) {
            resource(page, AVAILABLE, ThinProvisioning.setsFree(space));
            resource(page, USED, ThinProvisioning.setsUsed(space));
        }
    },
    /// No exception; no temperature.
    INFORMATIONAL_EXCEPTIONS(0x2F, 0x00) {
        @Override
        void fill(ParameterData page, LunSpace space) {
            page.u16(0).u8(LIST_PARAMETER).u8(4).u8(0).u8(0).u8(0xFF).u8(0);
        }
    };

    /// Parameter codes of page 0Ch, which mode page 1Ch/02h names too.
    static final int AVAILABLE = 0x0001;

    static final int USED = 0x0002;

    /// A binary list parameter.
    private static final int LIST_PARAMETER = 0x03;

    private static final int SHARED = 0x02;
    private static final int CUMULATIVE = 1;

    private final int code;
    private final int subpage;

    LogPages(int code, int subpage) {
        this.code = code;
        this.subpage = subpage;
    }

    abstract void fill(ParameterData page, LunSpace space);

    static ScsiResult answer(ScsiCommand.LogSense command, LunSpace space) {
        LogPages page = find(command.page(), command.subpage());
        if (page == null || command.control() != CUMULATIVE) {
            return new ScsiResult.CheckCondition(
                    Sense.INVALID_FIELD_IN_CDB.field(
                            find(command.page(), 0) == null || page != null ? 2 : 3));
        }
        ParameterData data = new ParameterData();
        data.u8(page.code | (page.subpage == 0 ? 0 : 0x40)).u8(page.subpage).u16(0);
        page.fill(data, space);
        return data.patch16(2, data.size() - 4).upTo(command.allocation());
    }

    private static @Nullable LogPages find(int code, int subpage) {
        for (LogPages page : values()) {
            if (page.code == code && page.subpage == subpage) {
                return page;
            }
        }
        return null;
    }

    private static void resource(ParameterData page, int parameter, long sets) {
        page.u16(parameter).u8(LIST_PARAMETER).u8(8);
        page.u32(Math.min(sets, 0xFFFF_FFFFL)).u8(SHARED).zeros(3);
    }
}
