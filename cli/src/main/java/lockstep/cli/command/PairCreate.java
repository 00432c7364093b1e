package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.CreateMirror;
import lockstep.target.admin.model.CreatePair;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.NodeKeys;
import lockstep.target.admin.model.NodeView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;

/// `lockstep pair create VOLUME --peer-admin ADDRESS`: talks to both nodes. The other node makes
/// its copy first; only then is the source told of it.
@Command(
        name = "create",
        description = "Mirror a volume to another node.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairCreate extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume to mirror")
    private String volume;

    @Option(
            names = "--peer-admin",
            required = true,
            paramLabel = "ADDRESS",
            description = "the other node's admin socket or http://127.0.0.1:port")
    private String peerAdmin;

    @Option(
            names = "--peer",
            paramLabel = "HOST:PORT",
            description = "where the other node is reached for replication, if not as it says")
    private @Nullable String peer;

    @Option(
            names = "--self",
            paramLabel = "HOST:PORT",
            description = "where this node is reached for replication, if not as it says")
    private @Nullable String self;

    @Option(
            names = "--group",
            paramLabel = "DISK,DISK,...",
            split = ",",
            description = "the other node's disks, parity last (default: all that are free)")
    private @Nullable List<String> group;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        AdminClient other = new AdminClient(peerAdmin);
        PairView made = pair(client, other, volume, groups(), self, peer);
        String problem = shareKeys(client, other);
        if (!problem.isEmpty()) {
            err().println(
                            "the nodes have not got each other's keys, which hosts with CHAP"
                                    + " secrets need after a takeover: "
                                    + problem);
        }
        print(made, made.volume() + " is mirrored to " + made.peer() + ": " + made.sync());
    }

    /// Gives each node the other's keys: after a takeover it must open the secrets of hosts that
    /// the other has sealed. Gives why it could not be done, or an empty text.
    public static String shareKeys(AdminClient one, AdminClient other) throws IOException {
        try {
            NodeKeys ours = one.get("/keys", NodeKeys.class);
            NodeKeys theirs = other.get("/keys", NodeKeys.class);
            one.post("/keys", theirs, Done.class);
            other.post("/keys", ours, Done.class);
            return "";
        } catch (Refused refused) {
            return refused.error().happened() + "; " + refused.error().remedy();
        }
    }

    private List<List<String>> groups() {
        return group == null ? List.of() : List.of(List.copyOf(group));
    }

    /// Makes the pair of `volume`, which `source` serves, with its mirror on `destination`. Without
    /// groups the destination takes all its free disks.
    public static PairView pair(
            AdminClient source,
            AdminClient destination,
            String volume,
            List<List<String>> groups,
            @Nullable String sourceAddress,
            @Nullable String destinationAddress)
            throws IOException, Refused {
        VolumeView found =
                source.list("/volumes", VolumeView.class).stream()
                        .filter(one -> one.name().equals(volume))
                        .findFirst()
                        .orElseThrow(
                                () ->
                                        new IllegalArgumentException(
                                                "there is no volume " + volume + " on this node"));
        if (!found.role().equals("standalone")) {
            // Told before the other node has made a copy.
            throw new IllegalArgumentException(
                    volume + " is mirrored already, or is itself the mirror of another node's");
        }
        NodeView here = at(source.get("/node", NodeView.class), sourceAddress);
        NodeView there = at(destination.get("/node", NodeView.class), destinationAddress);
        CreateMirror mirror =
                new CreateMirror(
                        found.id(), volume, found.blocks(), here, groups, groups.isEmpty());
        destination.post("/mirrors", mirror, VolumeView.class);
        return source.post("/pairs", new CreatePair(volume, there), PairView.class);
    }

    private static NodeView at(NodeView node, @Nullable String address) {
        return address == null ? node : new NodeView(node.name(), node.uuid(), node.id(), address);
    }
}
