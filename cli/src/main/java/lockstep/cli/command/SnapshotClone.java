package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.LunView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep snapshot clone VOLUME LUN NAME NEW-NAME [--number N] [--read-only]`.
@Command(
        name = "clone",
        description = "Make a LUN that begins as a snapshot. It takes space only where it changes.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class SnapshotClone extends OneSnapshot {
    @Parameters(index = "3", paramLabel = "NEW-NAME", description = "the name of the new LUN")
    private String newName;

    @Option(names = "--number", description = "its number (default: the lowest free one)")
    private @Nullable Integer number;

    @Option(names = "--read-only", description = "it shows the snapshot and takes no writes")
    private boolean readOnly;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        CloneSnapshot request = new CloneSnapshot(number, newName, readOnly);
        LunView made = client.post(path() + "/clone", request, LunView.class);
        print(
                made,
                "LUN " + made.number() + " is made: " + made.target() + " lun " + made.number());
    }
}
