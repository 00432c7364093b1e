package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.AddDisk;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.GrowVolume;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;

/// `lockstep disk add VOLUME DISK (--spare | --group N)`.
@Command(
        name = "add",
        description = {
            "Add a disk to a volume: as a spare, which replaces the first one that fails, or to a"
                    + " group, which makes the volume larger while it is in use.",
            "For a new group: `lockstep volume grow`."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class DiskAdd extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "DISK", description = "a free disk, a name or a path")
    private String disk;

    @Option(names = "--spare", description = "as a spare")
    private boolean spare;

    @Option(
            names = "--group",
            paramLabel = "GROUP",
            description = "as one more data disk of this group")
    private @Nullable Integer group;

    @Option(names = "--force", description = "give up what another volume has on the disk")
    private boolean force;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        if (spare == (group != null)) {
            throw new IllegalArgumentException("say what the disk is for: --spare or --group N");
        }
        String path = "/volumes/" + AdminClient.part(volume);
        Done done =
                spare
                        ? client.post(path + "/disks/add", new AddDisk(disk, force), Done.class)
                        : client.post(
                                path + "/grow",
                                new GrowVolume(group, List.of(disk), false, force),
                                Done.class);
        print(done, done.message());
    }
}
