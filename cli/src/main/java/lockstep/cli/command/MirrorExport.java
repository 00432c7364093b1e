package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep mirror export VOLUME [--snapshot NAME] [--take] [--name NAME]`.
@Command(
        name = "export",
        description =
                "Show hosts a snapshot of this node's mirror, write protected, as a target of its"
                        + " own.",
        mixinStandardHelpOptions = true)
public final class MirrorExport extends OneExport {
    @Override
    void run(AdminClient client) throws IOException, Refused {
        show(client, null);
    }
}
