package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.PairCompared;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair verify VOLUME`.
@Command(
        name = "verify",
        description = {
            "Read everything that both nodes hold of a volume and compare, while hosts use it.",
            "Ends with an error if anything differs."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairVerify extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/verify";
        PairCompared found = client.post(path, null, PairCompared.class);
        String read = found.cp() + ", " + found.blocks() + " blocks, read on both nodes";
        if (found.differing().isEmpty()) {
            print(found, read + ": equal");
        } else {
            print(found, read + ": blocks " + found.differing() + " differ");
            throw new IOException("the copies of " + volume + " differ: the mirror is not in sync");
        }
    }
}
