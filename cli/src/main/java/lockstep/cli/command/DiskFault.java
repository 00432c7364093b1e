package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.FaultDisk;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep disk fault VOLUME --group G --slot S`.
@Command(
        name = "fault",
        description = "Take a disk out of its group, which goes on without it.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class DiskFault extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Option(names = "--group", paramLabel = "GROUP", description = "its group (default: 0)")
    private int group;

    @Option(names = "--slot", paramLabel = "SLOT", required = true, description = "its slot")
    private int slot;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/disks/fault";
        Done done = client.post(path, new FaultDisk(group, slot), Done.class);
        print(done, done.message());
    }
}
