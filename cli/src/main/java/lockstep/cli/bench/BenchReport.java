package lockstep.cli.bench;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

import java.util.List;
import java.util.Locale;

/// What a run measured. Times are microseconds; the targets' CPU is that of each process watched,
/// in the order they were named.
public record BenchReport(
        double seconds,
        double iops,
        double mebibytesPerSecond,
        long failed,
        @Nullable String firstFailure,
        List<Double> targetCpuMicrosPerIo,
        double ownCpuMicrosPerIo,
        Latency reads,
        Latency writes) {
    /// Keeps a copy of the list.
    public BenchReport {
        targetCpuMicrosPerIo = List.copyOf(targetCpuMicrosPerIo);
    }

    /// How long commands took.
    public record Latency(
            long count, double mean, double p50, double p90, double p99, double p999, double max) {
        static Latency of(Histogram nanos) {
            return new Latency(
                    nanos.getTotalCount(),
                    nanos.getTotalCount() == 0 ? 0 : nanos.getMean() / 1e3,
                    at(nanos, 50),
                    at(nanos, 90),
                    at(nanos, 99),
                    at(nanos, 99.9),
                    nanos.getMaxValue() / 1e3);
        }

        private static double at(Histogram nanos, double percentile) {
            return nanos.getValueAtPercentile(percentile) / 1e3;
        }

        private String line(String name) {
            return String.format(
                    Locale.ROOT,
                    "%-6s %9d  mean %8.1f  p50 %8.1f  p90 %8.1f  p99 %8.1f  p99.9 %8.1f  max %8.1f"
                            + " us%n",
                    name,
                    count,
                    mean,
                    p50,
                    p90,
                    p99,
                    p999,
                    max);
        }
    }

    /// For people.
    public String text() {
        StringBuilder text = new StringBuilder();
        text.append(
                String.format(
                        Locale.ROOT,
                        "%.0f IOPS, %.1f MiB/s over %.1f s, %d failed%n",
                        iops,
                        mebibytesPerSecond,
                        seconds,
                        failed));
        if (firstFailure != null) {
            text.append("first failure: ").append(firstFailure).append(System.lineSeparator());
        }
        text.append(reads.count() > 0 ? reads.line("read") : "");
        text.append(writes.count() > 0 ? writes.line("write") : "");
        text.append(String.format(Locale.ROOT, "CPU per I/O: own %.1f us", ownCpuMicrosPerIo));
        for (double micros : targetCpuMicrosPerIo) {
            text.append(String.format(Locale.ROOT, ", target %.1f us", micros));
        }
        return text.append(System.lineSeparator()).toString();
    }
}
