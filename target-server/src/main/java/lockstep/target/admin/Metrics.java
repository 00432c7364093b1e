package lockstep.target.admin;

import com.codahale.metrics.Counter;
import com.codahale.metrics.Counting;
import com.codahale.metrics.Gauge;
import com.codahale.metrics.Metered;
import com.codahale.metrics.Metric;
import com.codahale.metrics.MetricRegistry;
import com.codahale.metrics.Sampling;
import com.codahale.metrics.Snapshot;
import com.codahale.metrics.Timer;

import java.util.LinkedHashMap;
import java.util.Map;

/// A metric registry as plain maps, by name: a gauge or counter is its value, everything else its
/// count, rates per second and percentiles (timers in microseconds).
final class Metrics {
    private static final double NANOS_PER_MICRO = 1000;

    private Metrics() {}

    static Map<String, Object> of(MetricRegistry registry) {
        Map<String, Object> all = new LinkedHashMap<>();
        registry.getMetrics().forEach((name, metric) -> all.put(name, value(metric)));
        return all;
    }

    private static Object value(Metric metric) {
        if (metric instanceof Gauge<?> gauge) {
            Object value = gauge.getValue();
            return value == null ? "" : value;
        }
        if (metric instanceof Counter counter) {
            return counter.getCount();
        }
        Map<String, Object> parts = new LinkedHashMap<>();
        if (metric instanceof Counting counting) {
            parts.put("count", counting.getCount());
        }
        if (metric instanceof Metered metered) {
            parts.put("rate1m", metered.getOneMinuteRate());
            parts.put("rate5m", metered.getFiveMinuteRate());
        }
        if (metric instanceof Sampling sampling) {
            Snapshot snapshot = sampling.getSnapshot();
            double unit = metric instanceof Timer ? NANOS_PER_MICRO : 1;
            parts.put("mean", snapshot.getMean() / unit);
            parts.put("p50", snapshot.getMedian() / unit);
            parts.put("p95", snapshot.get95thPercentile() / unit);
            parts.put("p99", snapshot.get99thPercentile() / unit);
            parts.put("p999", snapshot.get999thPercentile() / unit);
            parts.put("max", snapshot.getMax() / unit);
        }
        return parts;
    }
}
