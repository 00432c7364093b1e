package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.RestoreSnapshot;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.io.IOException;

/// `lockstep snapshot restore VOLUME LUN NAME [--delete-newer]`.
@Command(
        name = "restore",
        description = {
            "Let a LUN be again what a snapshot of it kept.",
            "What was written since is lost. Hosts have to unmount the LUN first."
        },
        mixinStandardHelpOptions = true)
public final class SnapshotRestore extends OneSnapshot {
    @Option(names = "--delete-newer", description = "delete the LUN's newer snapshots")
    private boolean deleteNewer;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        RestoreSnapshot request = new RestoreSnapshot(deleteNewer);
        Done done = client.post(path() + "/restore", request, Done.class);
        print(done, done.message());
    }
}
