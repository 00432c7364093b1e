package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep volume delete NAME [--mirror-copy]`.
@Command(
        name = "delete",
        description = "Delete a volume that has no LUNs.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class VolumeDelete extends NodeCommand {
    @Parameters(paramLabel = "NAME", description = "the volume")
    private String name;

    @Option(
            names = "--mirror-copy",
            description = "delete this node's mirror copy of the volume; the source keeps its own")
    private boolean mirrorCopy;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        Done done =
                client.delete(
                        (mirrorCopy ? "/mirrors/" : "/volumes/") + AdminClient.part(name),
                        Done.class);
        print(done, done.message());
    }
}
