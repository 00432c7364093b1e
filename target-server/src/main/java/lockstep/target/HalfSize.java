package lockstep.target;

import com.sun.management.HotSpotDiagnosticMXBean;

import java.lang.management.ManagementFactory;
import java.util.function.IntSupplier;
import java.util.function.LongSupplier;

/// How many bytes of writes one consistency point gathers where the node's file does not say it.
/// The more, the fewer blocks of trees and parity it writes for each block of a host, and the
/// longer a takeover takes; so as many as memory and the log allow. Every volume that is active or
/// mirrored here fills up to two halves, and memory that one has had it keeps: together they stay
/// within what the JVM may take outside the heap, also if each was alone for a time.
final class HalfSize implements LongSupplier {
    private static final long LEAST_BYTES = 16 << 20;
    private static final long MOST_BYTES = 1 << 30;
    private static final long MEMORY_SHARE = 8;

    private final long memoryBytes;
    private final long logBytes;
    private final IntSupplier volumes;

    /// For so many `volumes`, which may change, that share memory outside the heap and a log.
    HalfSize(long memoryBytes, long logBytes, IntSupplier volumes) {
        this.memoryBytes = memoryBytes;
        this.logBytes = logBytes;
        this.volumes = volumes;
    }

    /// What this JVM may take outside the heap.
    static long directMemoryBytes() {
        String limit =
                ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class)
                        .getVMOption("MaxDirectMemorySize")
                        .getValue();
        long bytes = Long.parseLong(limit);
        return bytes == 0 ? Runtime.getRuntime().maxMemory() : bytes;
    }

    /// Bytes of one half of any volume now.
    @Override
    public long getAsLong() {
        long share = memoryBytes / MEMORY_SHARE / Math.max(1, volumes.getAsInt());
        long most = Math.min(MOST_BYTES, logBytes / 2);
        return Math.min(most, Math.max(LEAST_BYTES, share));
    }
}
