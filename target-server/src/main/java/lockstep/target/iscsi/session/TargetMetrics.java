package lockstep.target.iscsi.session;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Timer;

/// What a portal counts. The times are those of commands that move data, from the command's arrival
/// to its answer.
record TargetMetrics(
        Counter connections,
        Counter sessions,
        Meter commands,
        Meter bytesIn,
        Meter bytesOut,
        Meter aborted,
        Meter rejected,
        Meter refusedLogins,
        Timer reads,
        Timer writes) {
    static TargetMetrics in(MetricRegistry registry) {
        return new TargetMetrics(
                registry.counter("iscsi.connections"),
                registry.counter("iscsi.sessions"),
                registry.meter("iscsi.commands"),
                registry.meter("iscsi.bytes-in"),
                registry.meter("iscsi.bytes-out"),
                registry.meter("iscsi.aborted"),
                registry.meter("iscsi.rejected"),
                registry.meter("iscsi.refused-logins"),
                registry.timer("iscsi.read.time"),
                registry.timer("iscsi.write.time"));
    }
}
