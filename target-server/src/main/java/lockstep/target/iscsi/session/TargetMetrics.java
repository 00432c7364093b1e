package lockstep.target.iscsi.session;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;

/// What a portal counts.
record TargetMetrics(
        Counter connections,
        Counter sessions,
        Meter commands,
        Meter bytesIn,
        Meter bytesOut,
        Meter aborted,
        Meter rejected) {
    static TargetMetrics in(MetricRegistry registry) {
        return new TargetMetrics(
                registry.counter("iscsi.connections"),
                registry.counter("iscsi.sessions"),
                registry.meter("iscsi.commands"),
                registry.meter("iscsi.bytes-in"),
                registry.meter("iscsi.bytes-out"),
                registry.meter("iscsi.aborted"),
                registry.meter("iscsi.rejected"));
    }
}
