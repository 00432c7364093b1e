package lockstep.target;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.volume.HoleSettings;
import lockstep.blockstore.volume.VolumeHoles;

import java.util.LinkedHashMap;
import java.util.Map;

/// Gives space of all volumes here back to what lends it to their disks. On the core loop.
final class NodeHoles {
    private final HoleSettings settings;
    private final MetricRegistry metrics;
    private final Map<String, VolumeHoles> byVolume = new LinkedHashMap<>();

    NodeHoles(HoleSettings settings, MetricRegistry metrics) {
        this.settings = settings;
        this.metrics = metrics;
    }

    /// `volume` was opened.
    void begin(HostedVolume volume) {
        VolumeHoles made =
                new VolumeHoles(
                        volume.replica()::copy,
                        volume::isAtRest,
                        volume.space(),
                        settings,
                        () -> volume.replica().wantImage());
        byVolume.put(volume.name(), made);
        gauge(volume, "given-back-bytes", made::givenBack);
        gauge(volume, "backing-bytes", made::held);
        made.open();
    }

    private void gauge(HostedVolume volume, String what, Gauge<Long> gauge) {
        String name = "volume." + volume.name() + "." + what;
        metrics.remove(name);
        metrics.gauge(name, () -> gauge);
    }

    /// `volume` goes; `quiet` is called when nothing of this touches the disks any more.
    void drop(HostedVolume volume, Runnable quiet) {
        VolumeHoles gone = byVolume.remove(volume.name());
        if (gone == null) {
            quiet.run();
        } else {
            gone.close(quiet);
        }
    }
}
