package lockstep.target.scsi;

import java.util.List;

/// The answer to REPORT TARGET PORT GROUPS (SPC-4 6.33), with or without the extended header.
final class PortGroupReport {
    /// How long a host should take TRANSITIONING for passing, in seconds.
    private static final int TRANSITION_SECONDS = 60;

    private static final int EXTENDED_HEADER = 0x10;
    private static final int CHANGED_IMPLICITLY = 0x02;

    private PortGroupReport() {}

    static ScsiResult answer(
            ScsiCommand.ReportTargetPortGroups command, List<TargetPaths.Group> groups) {
        ParameterData data = new ParameterData().u32(0);
        if (command.extended()) {
            data.u8(EXTENDED_HEADER).u8(TRANSITION_SECONDS).u16(0);
        }
        for (TargetPaths.Group each : groups) {
            data.u8(each.state().code()).u8(AccessState.SUPPORTED).u16(each.group());
            data.u8(0).u8(CHANGED_IMPLICITLY).u8(0).u8(1);
            data.u16(0).u16(each.relativePort());
        }
        return data.patch32(0, data.size() - 4).upTo(command.allocation());
    }
}
