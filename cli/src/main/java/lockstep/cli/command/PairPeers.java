package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.PeerView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep pair peers`.
@Command(
        name = "peers",
        description = "List the nodes whose keys are pinned, and how the links to them are.",
        mixinStandardHelpOptions = true)
public final class PairPeers extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/peers", PeerView.class),
                column("PEER", PeerView::name),
                column("ADDRESS", PeerView::address),
                column("LINK", PeerView::link),
                column("UUID", PeerView::uuid),
                column("KEY", PeerView::key),
                column("PROBLEM", PeerView::problem));
    }
}
