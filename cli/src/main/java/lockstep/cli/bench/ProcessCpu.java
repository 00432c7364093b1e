package lockstep.cli.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/// CPU time that a process has used, user and system, from `/proc/PID/stat`.
final class ProcessCpu {
    // Ticks of the kernel's user interface (USER_HZ), 100 on every Linux that Java 25 runs on.
    private static final long NANOS_PER_TICK = 10_000_000;
    private static final int USER_AT = 11;
    private static final int SYSTEM_AT = 12;

    private ProcessCpu() {}

    /// Nanoseconds used by `pid` so far.
    static long nanos(long pid) throws IOException {
        return parse(Files.readString(Path.of("/proc", Long.toString(pid), "stat")));
    }

    /// The command name in brackets may hold anything, so fields count from the last bracket.
    static long parse(String stat) {
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).trim().split(" ", -1);
        long ticks = Long.parseLong(fields[USER_AT]) + Long.parseLong(fields[SYSTEM_AT]);
        return ticks * NANOS_PER_TICK;
    }
}
