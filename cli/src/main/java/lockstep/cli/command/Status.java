package lockstep.cli.command;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.LogView;
import lockstep.target.admin.model.NodeStatus;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.RehearsalView;
import lockstep.target.admin.model.VolumeView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// `lockstep status [--watch]` and `lockstep node status`: the tables, then the figures of each
/// room and what happened last.
@Command(
        name = "status",
        description = "Show the node, its volumes and pairs.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Status extends NodeCommand {
    private static final int EVENTS = 8;

    @Option(names = "--watch", description = "show it again every second until interrupted")
    private boolean watch;

    @Override
    void run(AdminClient client) throws IOException, Refused, InterruptedException {
        do {
            NodeStatus status = client.get("/status", NodeStatus.class);
            JsonNode metrics = client.get("/metrics", JsonNode.class);
            List<EventView> events = client.list("/events", EventView.class);
            if (asJson()) {
                printAll(status, metrics, events);
            } else {
                show(status);
                Figures.of(metrics, status.volumes()).forEach(out()::println);
                show(events);
            }
            if (watch) {
                TimeUnit.SECONDS.sleep(1);
            }
        } while (watch);
    }

    /// The status as ever, with two fields more.
    private void printAll(NodeStatus status, JsonNode metrics, List<EventView> events)
            throws IOException {
        ObjectMapper mapper = new ObjectMapper();
        ObjectNode all = mapper.valueToTree(status);
        all.set("metrics", metrics);
        all.set("events", mapper.valueToTree(last(events)));
        print(all, "");
    }

    private static List<EventView> last(List<EventView> events) {
        return events.subList(Math.max(0, events.size() - EVENTS), events.size());
    }

    private void show(List<EventView> events) {
        out().println();
        for (EventView event : last(events)) {
            out().printf("%s  %s: %s%n", event.at(), event.about(), event.text());
        }
        out().flush();
    }

    private void show(NodeStatus status) throws IOException {
        out().printf(
                        "node %s (lockstep %s), up %d s, portals %s%n",
                        status.name(),
                        status.version(),
                        status.uptimeSeconds(),
                        String.join(", ", status.portals()));
        if (status.faultInjection()) {
            out().println(
                            "WARNING: this node takes orders to fail (fault-injection); it is for"
                                    + " tests only");
            for (FaultView fault : status.faults()) {
                out().printf(
                                "fault %d: %s, %s; happened %d times%n",
                                fault.id(), fault.fault(), fault.firing(), fault.fired());
            }
        }
        for (LogView log : status.log()) {
            if (!log.state().isEmpty()) {
                out().printf("log on %s is not in use: %s%n", log.device(), log.state());
            }
        }
        print(
                status.volumes(),
                column("VOLUME", VolumeView::name),
                column("ROLE", VolumeView::role),
                column("STATE", VolumeView::state),
                column("SYNC", VolumeView::sync),
                column("USED", volume -> Sizes.show(volume.usedBytes())),
                column("SIZE", volume -> Sizes.show(volume.sizeBytes())));
        for (VolumeView volume : status.volumes()) {
            for (VolumeView.GroupView group : volume.groups()) {
                if (!group.state().equals("healthy")) {
                    String disks = String.join(", ", group.disks());
                    out().printf(
                                    "%s group %d is %s: %s%n",
                                    volume.name(), group.number(), group.state(), disks);
                }
            }
        }
        if (!status.pairs().isEmpty()) {
            print(
                    status.pairs(),
                    column("MIRRORED", PairView::volume),
                    column("PEER", PairView::peer),
                    column("SYNC", PairView::sync),
                    column("LINK", pair -> pair.linkUp() ? "up" : "down"),
                    column("BEHIND", pair -> Sizes.show(pair.behindBytes())),
                    column("RESYNC", PairList::resync));
            for (PairView pair : status.pairs()) {
                out().printf("%s: %s%n", pair.volume(), pair.standing().text());
                RehearsalView rehearsal = pair.rehearsal();
                if (rehearsal != null) {
                    out().printf("%s, rehearsed: %s%n", pair.volume(), rehearsal.text());
                }
            }
        }
    }
}
