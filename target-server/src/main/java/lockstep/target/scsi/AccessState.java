package lockstep.target.scsi;

import org.jspecify.annotations.Nullable;

/// How a logical unit is served through a target port group (SPC-4 5.11.2.4).
public enum AccessState {
    /// Everything is.
    ACTIVE_OPTIMIZED(0x0),
    /// It is served through the partner's ports, and could be through these without loss.
    STANDBY(0x2),
    /// It cannot be served through these for now.
    UNAVAILABLE(0x3),
    /// It is about to become something else: ask again.
    TRANSITIONING(0xF);

    /// The states that there are here, as REPORT TARGET PORT GROUPS lists them: T_SUP, U_SUP,
    /// S_SUP, AO_SUP.
    static final int SUPPORTED = 0x80 | 0x08 | 0x04 | 0x01;

    private final int code;

    AccessState(int code) {
        this.code = code;
    }

    int code() {
        return code;
    }

    /// What a command that needs the medium gets; null in the active state.
    @Nullable Sense refusal() {
        return switch (this) {
            case ACTIVE_OPTIMIZED -> null;
            case STANDBY -> Sense.TARGET_PORT_IN_STANDBY_STATE;
            case UNAVAILABLE -> Sense.TARGET_PORT_IN_UNAVAILABLE_STATE;
            case TRANSITIONING -> Sense.ACCESS_STATE_TRANSITION;
        };
    }
}
