package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.NodeKeys;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;

/// `lockstep node key export FILE`. The keys go into a file that nobody else can read, and nowhere
/// else.
@Command(
        name = "export",
        description = "Put this node's keys into a new file, for its partner.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class NodeKeyExport extends NodeCommand {
    @Parameters(paramLabel = "FILE", description = "the file to make")
    private Path file;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        NodeKeys keys = client.get("/keys", NodeKeys.class);
        SecretFile.write(file, String.join("\n", keys.keys()) + "\n");
        String said = keys.keys().size() + " keys are in " + file;
        print(new Done(said), said);
    }
}
