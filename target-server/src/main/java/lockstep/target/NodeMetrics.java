package lockstep.target;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.block.BlockRescue;
import lockstep.blockstore.raid.RaidTraffic;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.VolumeUsage;
import lockstep.replication.role.ReplicaStatus;
import lockstep.replication.role.ResyncProgress;
import lockstep.target.admin.model.RehearsalView;

import java.util.function.ToLongFunction;

/// Figures that are asked for rather than counted. A gauge is read by the admin API's threads while
/// the loop goes on: a figure may be a moment old, and is only shown.
final class NodeMetrics {
    private NodeMetrics() {}

    static void register(MetricRegistry metrics, Node node) {
        gauge(metrics, "log.free-bytes", () -> node.log().freeBytes());
        gauge(metrics, "link.up", () -> (long) node.links().up());
        gauge(metrics, "link.queued-bytes", () -> node.links().queuedBytes());
    }

    static void register(MetricRegistry metrics, HostedVolume volume) {
        String prefix = "volume." + volume.name() + ".";
        gauge(metrics, prefix + "size-blocks", () -> volume.replica().copy().root().vbnCount());
        gauge(metrics, prefix + "room-blocks", () -> volume.space().size());
        usage(metrics, prefix + "used-blocks", volume, VolumeUsage::usedBlocks);
        usage(metrics, prefix + "reserved-blocks", volume, VolumeUsage::reservedBlocks);
        usage(metrics, prefix + "dirty-bytes", volume, VolumeUsage::dirtyBytes);
        usage(metrics, prefix + "commits", volume, VolumeUsage::commits);
        usage(metrics, prefix + "last-cp-micros", volume, usage -> usage.lastCpNanos() / 1000);
        usage(metrics, prefix + "waiting-answers", volume, VolumeUsage::waitingAnswers);
        usage(
                metrics,
                prefix + "longest-wait-micros",
                volume,
                usage -> usage.longestWaitNanos() / 1000);
        written(metrics, prefix + "written-blocks.", volume);
        gauge(
                metrics,
                prefix + "mirror-backlog-bytes",
                () -> volume.replica().status().backlogBytes());
        pair(metrics, prefix + "pair.connected", volume, status -> status.linked() ? 1L : 0L);
        pair(metrics, prefix + "pair.in-sync", volume, status -> status.inSync() ? 1L : 0L);
        pair(metrics, prefix + "pair.since-millis", volume, ReplicaStatus::sinceMillis);
        pair(metrics, prefix + "pair.exposed-writes", volume, s -> s.exposed().writes());
        pair(metrics, prefix + "pair.exposed-bytes", volume, s -> s.exposed().bytes());
        pair(metrics, prefix + "pair.exposed-since-millis", volume, s -> s.exposed().sinceMillis());
        pair(metrics, prefix + "pair.epoch", volume, status -> status.epoch().counter());
        pair(metrics, prefix + "pair.differences", volume, ReplicaStatus::differences);
        resync(metrics, prefix + "resync-blocks", volume, ResyncProgress::blocks);
        resync(metrics, prefix + "resync-bytes", volume, ResyncProgress::bytes);
        resync(metrics, prefix + "resync-rate", volume, ResyncProgress::bytesPerSecond);
        resync(metrics, prefix + "resync-seconds-left", volume, ResyncProgress::secondsLeft);
        resync(metrics, prefix + "resync-stalled", volume, p -> p.stalled().isEmpty() ? 0 : 1);
        rescue(metrics, prefix + "partner-blocks.healed-here", volume, BlockRescue::healed);
        rescue(metrics, prefix + "partner-blocks.wrong-here", volume, BlockRescue::wrong);
        rescue(metrics, prefix + "partner-blocks.given", volume, BlockRescue::given);
        gauge(metrics, prefix + "degraded", () -> volume.disks().degraded() ? 1L : 0L);
        gauge(metrics, prefix + "cache-hits", () -> volume.replica().copy().cache().hits());
        gauge(metrics, prefix + "cache-misses", () -> volume.replica().copy().cache().misses());
    }

    /// What the last rehearsal of a takeover of `volume` came to, each figure under its name.
    static void rehearsed(MetricRegistry metrics, HostedVolume volume, NodeRehearsals rehearsals) {
        String prefix = "volume." + volume.name() + ".rehearsal.";
        rehearsal(metrics, prefix + "at-millis", volume, rehearsals, RehearsalView::atMillis);
        rehearsal(metrics, prefix + "total-micros", volume, rehearsals, RehearsalView::totalMicros);
        rehearsal(metrics, prefix + "entries", volume, rehearsals, RehearsalView::entries);
    }

    private static void rehearsal(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            NodeRehearsals rehearsals,
            ToLongFunction<RehearsalView> figure) {
        gauge(
                metrics,
                name,
                () -> {
                    RehearsalView last = rehearsals.last(volume);
                    return last == null ? 0 : figure.applyAsLong(last);
                });
    }

    private static void pair(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            ToLongFunction<ReplicaStatus> figure) {
        gauge(metrics, name, () -> figure.applyAsLong(volume.replica().status()));
    }

    // Of consistency points, in blocks of 4096 bytes: what makes up write amplification.
    private static void written(MetricRegistry metrics, String prefix, HostedVolume volume) {
        usage(metrics, prefix + "data", volume, usage -> usage.written().data());
        usage(metrics, prefix + "tree", volume, usage -> usage.written().nodes());
        usage(metrics, prefix + "maps", volume, usage -> usage.written().files());
        raid(metrics, prefix + "parity", volume, RaidTraffic::parity);
        raid(metrics, prefix + "checksums", volume, RaidTraffic::checksums);
        raid(metrics, prefix + "notes", volume, RaidTraffic::notes);
        raid(metrics, prefix + "read-for-parity", volume, RaidTraffic::inputs);
    }

    private static void raid(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            ToLongFunction<RaidTraffic> figure) {
        gauge(metrics, name, () -> figure.applyAsLong(volume.space().raid().traffic()));
    }

    private static void usage(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            ToLongFunction<VolumeUsage> figure) {
        gauge(
                metrics,
                name,
                () -> {
                    ActiveVolume active = volume.replica().active();
                    return active == null ? 0 : figure.applyAsLong(active.usage());
                });
    }

    private static void resync(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            ToLongFunction<ResyncProgress> figure) {
        gauge(metrics, name, () -> figure.applyAsLong(volume.replica().status().resync()));
    }

    // Blocks that no disk of one copy could give and the other had.
    private static void rescue(
            MetricRegistry metrics,
            String name,
            HostedVolume volume,
            ToLongFunction<BlockRescue> figure) {
        gauge(metrics, name, () -> figure.applyAsLong(volume.replica().copy().rescue()));
    }

    private static void gauge(MetricRegistry metrics, String name, Gauge<Long> gauge) {
        metrics.remove(name);
        metrics.gauge(name, () -> gauge);
    }
}
