package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep snapshot delete VOLUME LUN NAME`.
@Command(
        name = "delete",
        description = "Delete a snapshot. Its space comes back bit by bit.",
        mixinStandardHelpOptions = true)
public final class SnapshotDelete extends OneSnapshot {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        Done done = client.delete(path(), Done.class);
        print(done, done.message());
    }
}
