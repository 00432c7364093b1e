package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair forget PEER [--force]`.
@Command(
        name = "forget",
        description = "Trust a node no more. The other node has to forget this one itself.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairForget extends NodeCommand {
    @Parameters(paramLabel = "PEER", description = "its name or UUID")
    private String peer;

    @Option(names = "--force", description = "also if a volume is paired with it")
    private boolean force;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/peers/" + AdminClient.part(peer) + (force ? "?force=true" : "");
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
