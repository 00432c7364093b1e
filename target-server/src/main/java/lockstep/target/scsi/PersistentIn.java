package lockstep.target.scsi;

import lockstep.target.scsi.PersistentState.Registration;

/// The answers of PERSISTENT RESERVE IN (SPC-4 6.13).
final class PersistentIn {
    /// CRH: a holder's RESERVE and RELEASE do nothing; SIP_C, ATP_C, PTPL_C: SPEC_I_PT, ALL_TG_PT
    /// and APTPL are taken.
    private static final int CAPABILITIES = 0x10 | 0x08 | 0x04 | 0x01;

    private static final int TYPE_MASK_VALID = 0x80;
    private static final int ALL_TG_PT = 0x02;
    private static final int HOLDER = 0x01;

    private PersistentIn() {}

    static ScsiResult answer(ScsiCommand.PersistentIn command, PersistentState state) {
        ParameterData data =
                switch (command.action()) {
                    case READ_KEYS -> keys(state);
                    case READ_RESERVATION -> reservation(state);
                    case REPORT_CAPABILITIES -> capabilities(state);
                    case READ_FULL_STATUS -> fullStatus(state);
                };
        return data.upTo(command.allocation());
    }

    private static ParameterData keys(PersistentState state) {
        ParameterData data = head(state);
        state.registrations().forEach(each -> data.u64(each.key()));
        return data.patch32(4, data.size() - 8);
    }

    /// The key is that of the holder, 0 if all registrants are.
    private static ParameterData reservation(PersistentState state) {
        ParameterData data = head(state);
        ReservationType type = state.type();
        if (type != null) {
            String holder = state.holder();
            Registration one = holder == null ? null : state.find(holder);
            data.u64(one == null ? 0 : one.key()).u32(0).u8(0).u8(type.code()).u16(0);
        }
        return data.patch32(4, data.size() - 8);
    }

    /// Nothing is said about commands that SPC-4 leaves open (ALLOW COMMANDS 0).
    private static ParameterData capabilities(PersistentState state) {
        return new ParameterData()
                .u16(8)
                .u8(CAPABILITIES)
                .u8(TYPE_MASK_VALID | (state.throughPowerLoss() ? 1 : 0))
                .u16(ReservationType.mask())
                .u16(0);
    }

    private static ParameterData fullStatus(PersistentState state) {
        ParameterData data = head(state);
        ReservationType type = state.type();
        for (Registration each : state.registrations()) {
            boolean holder = state.isHolder(each.port());
            byte[] transportId = TransportId.encode(each.port());
            data.u64(each.key()).u32(0);
            data.u8((each.allPorts() ? ALL_TG_PT : 0) | (holder ? HOLDER : 0));
            data.u8(holder && type != null ? type.code() : 0);
            data.u32(0).u16(each.relativePort());
            data.u32(transportId.length).raw(transportId);
        }
        return data.patch32(4, data.size() - 8);
    }

    private static ParameterData head(PersistentState state) {
        return new ParameterData().u32(state.generation()).u32(0);
    }
}
