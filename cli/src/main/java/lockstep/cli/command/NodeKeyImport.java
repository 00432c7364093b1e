package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.NodeKeys;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep node key import FILE`.
@Command(
        name = "import",
        description = "Let this node open what its partner has sealed.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class NodeKeyImport extends NodeCommand {
    @Parameters(paramLabel = "FILE", description = "made by `node key export`, or - for input")
    private String file;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        NodeKeys keys = new NodeKeys(SecretFile.read(file).lines().toList());
        Done done = client.post("/keys", keys, Done.class);
        print(done, done.message());
    }
}
