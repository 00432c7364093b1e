package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.LocateDisk;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep disk locate DISK`.
@Command(
        name = "locate",
        description = "Read from a disk, a second on and a second off, so that its light shows it.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class DiskLocate extends NodeCommand {
    @Parameters(paramLabel = "DISK", description = "the disk, a name or a path")
    private String disk;

    @Option(names = "--seconds", description = "for so long (default: 30)")
    private int seconds = 30;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        Done done = client.post("/disks/locate", new LocateDisk(disk, seconds), Done.class);
        print(done, done.message());
    }
}
