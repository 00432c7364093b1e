package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.VolumeView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.concurrent.TimeUnit;

/// `lockstep status [--watch]` and `lockstep node status`.
@Command(
        name = "status",
        description = "Show the node, its volumes and pairs.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Status extends NodeCommand {
    @Option(names = "--watch", description = "show it again every second until interrupted")
    private boolean watch;

    @Override
    void run(AdminClient client) throws IOException, Refused, InterruptedException {
        do {
            NodeStatus status = client.get("/status", NodeStatus.class);
            if (asJson()) {
                print(status, "");
            } else {
                show(status);
            }
            if (watch) {
                TimeUnit.SECONDS.sleep(1);
            }
        } while (watch);
    }

    private void show(NodeStatus status) throws IOException {
        out().printf(
                        "node %s (lockstep %s), up %d s, portals %s%n",
                        status.name(),
                        status.version(),
                        status.uptimeSeconds(),
                        String.join(", ", status.portals()));
        print(
                status.volumes(),
                column("VOLUME", VolumeView::name),
                column("ROLE", VolumeView::role),
                column("STATE", VolumeView::state),
                column("SYNC", VolumeView::sync),
                column("USED", volume -> Sizes.show(volume.usedBytes())),
                column("SIZE", volume -> Sizes.show(volume.sizeBytes())));
        if (!status.pairs().isEmpty()) {
            print(
                    status.pairs(),
                    column("MIRRORED", PairView::volume),
                    column("PEER", PairView::peer),
                    column("SYNC", PairView::sync),
                    column("LINK", pair -> pair.linkUp() ? "up" : "down"),
                    column("BEHIND", pair -> Sizes.show(pair.behindBytes())));
        }
    }
}
