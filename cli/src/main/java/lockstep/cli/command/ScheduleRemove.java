package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep snapshot schedule remove VOLUME NAME`.
@Command(
        name = "remove",
        description = "Remove a schedule. The snapshots that it took stay.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class ScheduleRemove extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "NAME", description = "its name")
    private String name;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path =
                "/volumes/" + AdminClient.part(volume) + "/schedules/" + AdminClient.part(name);
        Done done = client.delete(path, Done.class);
        print(done, done.message());
    }
}
