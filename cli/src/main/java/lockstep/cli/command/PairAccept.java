package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.AcceptInvitation;
import lockstep.target.admin.model.PeerView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair accept ADDRESS CODE`.
@Command(
        name = "accept",
        description = "Pair with the node that gave out a code: each pins the other's key.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairAccept extends NodeCommand {
    @Parameters(paramLabel = "HOST:PORT", description = "where the other node listens for links")
    private String address;

    @Parameters(paramLabel = "CODE", description = "what `pair invite` shows, or - for input")
    private String code;

    @Option(
            names = "--self",
            paramLabel = "HOST:PORT",
            description = "where this node is reached for links, if not as its file says")
    private String self = "";

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String typed = code.equals("-") ? SecretFile.read(code) : code;
        PeerView peer =
                client.post("/peers", new AcceptInvitation(address, typed, self), PeerView.class);
        print(peer, "paired with " + peer.name() + ", key " + peer.key());
    }
}
