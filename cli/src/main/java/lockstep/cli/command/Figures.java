package lockstep.cli.command;

import com.fasterxml.jackson.databind.JsonNode;

import lockstep.target.admin.model.VolumeView;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A node's metrics as a few lines for people, one per room and volume. A figure that the node does
/// not have is shown as 0. Times in the metrics are microseconds.
final class Figures {
    private final JsonNode metrics;

    private Figures(JsonNode metrics) {
        this.metrics = metrics;
    }

    static List<String> of(JsonNode metrics, List<VolumeView> volumes) {
        Figures figures = new Figures(metrics);
        List<String> lines = new ArrayList<>();
        lines.add(figures.hosts());
        lines.add("         reads " + figures.times("iscsi.read.time"));
        lines.add("         writes " + figures.times("iscsi.write.time"));
        lines.add(figures.log());
        for (VolumeView volume : volumes) {
            lines.add(figures.volume(volume.name()));
            lines.add("         " + figures.written(volume.name()));
        }
        lines.add(figures.link());
        return lines;
    }

    private String hosts() {
        return String.format(
                Locale.ROOT,
                "hosts    %d connections, %d commands, %s in, %s out, %d aborted",
                number("iscsi.connections"),
                count("iscsi.commands"),
                Sizes.show(count("iscsi.bytes-in")),
                Sizes.show(count("iscsi.bytes-out")),
                count("iscsi.aborted"));
    }

    private String log() {
        JsonNode entries = metrics.path("log.commit.entries");
        return String.format(
                Locale.ROOT,
                "log      commits %s; entries per commit %.1f, most %.0f; %s written, %s free",
                times("log.commit.time"),
                entries.path("mean").asDouble(),
                entries.path("max").asDouble(),
                Sizes.show(count("log.bytes")),
                Sizes.show(number("log.free-bytes")));
    }

    private String volume(String name) {
        String prefix = "volume." + name + ".";
        long hits = number(prefix + "cache-hits");
        long looks = hits + number(prefix + "cache-misses");
        return String.format(
                Locale.ROOT,
                "volume   %s: %d consistency points, the last in %.1f ms; %s dirty, cache hits"
                        + " %d%%, mirror backlog %s",
                name,
                number(prefix + "commits"),
                number(prefix + "last-cp-micros") / 1000.0,
                Sizes.show(number(prefix + "dirty-bytes")),
                looks == 0 ? 0 : hits * 100 / looks,
                Sizes.show(number(prefix + "mirror-backlog-bytes")));
    }

    // For each block of data: what write amplification is made of, the log apart.
    private String written(String name) {
        String prefix = "volume." + name + ".written-blocks.";
        long data = number(prefix + "data");
        StringBuilder text = new StringBuilder("written " + Sizes.show(4096 * data) + " of data");
        double sum = 1;
        for (String part : List.of("tree", "maps", "parity", "checksums", "notes")) {
            double each = data == 0 ? 0 : (double) number(prefix + part) / data;
            sum += each;
            text.append(String.format(Locale.ROOT, ", %s %.2f", part, each));
        }
        return text.append(String.format(Locale.ROOT, ": %.2f in all", sum)).toString();
    }

    private String link() {
        return String.format(
                Locale.ROOT,
                "link     %d up, %s queued, %s in, %s out",
                number("link.up"),
                Sizes.show(number("link.queued-bytes")),
                Sizes.show(count("link.bytes-in")),
                Sizes.show(count("link.bytes-out")));
    }

    private String times(String name) {
        JsonNode timer = metrics.path(name);
        return String.format(
                Locale.ROOT,
                "%d, p50 %.0f us, p95 %.0f us, p99 %.0f us, max %.0f us",
                timer.path("count").asLong(),
                timer.path("p50").asDouble(),
                timer.path("p95").asDouble(),
                timer.path("p99").asDouble(),
                timer.path("max").asDouble());
    }

    private long number(String name) {
        return metrics.path(name).asLong();
    }

    private long count(String name) {
        return metrics.path(name).path("count").asLong();
    }
}
