package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;

/// `lockstep mirror clone VOLUME --scratch VOLUME2 [--snapshot NAME] [--take] [--name NAME]`.
@Command(
        name = "clone",
        description =
                "Show hosts a snapshot of this node's mirror as LUNs that take writes, which go to"
                        + " another volume.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class MirrorClone extends OneExport {
    @Option(
            names = "--scratch",
            required = true,
            paramLabel = "VOLUME",
            description = "the volume of this node, in no pair, that writes go to")
    private String scratch;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        show(client, scratch);
    }
}
