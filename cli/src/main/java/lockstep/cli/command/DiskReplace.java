package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ReplaceDisk;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep disk replace VOLUME DISK [--group G --slot S]`.
@Command(
        name = "replace",
        description =
                "Rebuild the slot of a disk that left onto another disk, or onto the same one.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class DiskReplace extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "DISK", description = "the disk to rebuild onto, a name or a path")
    private String disk;

    @Option(names = "--group", paramLabel = "GROUP", description = "if more than one is away")
    private @Nullable Integer group;

    @Option(names = "--slot", paramLabel = "SLOT", description = "if more than one is away")
    private @Nullable Integer slot;

    @Option(names = "--force", description = "give up what another volume has on the disk")
    private boolean force;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/disks/replace";
        Done done = client.post(path, new ReplaceDisk(group, slot, disk, force), Done.class);
        print(done, done.message() + "; `lockstep disk list` shows how far it is");
    }
}
