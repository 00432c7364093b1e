package lockstep.cli;

/// What the program tells its caller; the numbers are part of its interface.
public enum ExitCode {
    /// Done.
    OK(0),

    /// The action was tried and failed, or what was checked is wrong.
    FAILED(1),

    /// The command line is wrong (Picocli's own number).
    USAGE(2),

    /// The node refused: no such name, or not in this state.
    REFUSED(3),

    /// No node answers at the address.
    UNREACHABLE(4),

    /// The configuration is wrong (EX_CONFIG).
    CONFIGURATION(78);

    private final int code;

    ExitCode(int code) {
        this.code = code;
    }

    /// The process's exit status.
    public int code() {
        return code;
    }
}
