package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep disk add VOLUME DISK --spare`.
@Command(
        name = "add",
        description = "Add a disk to a volume: a spare, which replaces the first one that fails.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class DiskAdd extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "DISK", description = "a free disk, a name or a path")
    private String disk;

    @Option(names = "--spare", description = "as a spare")
    private boolean spare;

    @Option(names = "--force", description = "give up what another volume has on the disk")
    private boolean force;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        if (!spare) {
            throw new IllegalArgumentException("say what the disk is for: --spare");
        }
        String path = "/volumes/" + AdminClient.part(volume) + "/disks/add";
        Done done = client.post(path, new AddDisk(disk, force), Done.class);
        print(done, done.message());
    }
}
