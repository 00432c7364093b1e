package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// What the commands share that show a snapshot of a mirror.
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
abstract class OneExport extends NodeCommand {
    @Parameters(
            paramLabel = "VOLUME",
            description = "the volume, of which this node has the mirror")
    private String volume;

    @Option(
            names = "--snapshot",
            paramLabel = "NAME",
            description = "the snapshot (default: the source takes one)")
    private @Nullable String snapshot;

    @Option(names = "--take", description = "the source takes the snapshot first")
    private boolean take;

    @Option(
            names = "--name",
            paramLabel = "NAME",
            description = "the end of the target's name (default: like the snapshot)")
    private @Nullable String name;

    /// Asks for it, with writes going to `scratch` (null: none are taken).
    final void show(AdminClient client, @Nullable String scratch) throws IOException, Refused {
        ExportSnapshot request =
                new ExportSnapshot(snapshot, take || snapshot == null, name, scratch);
        String path = "/volumes/" + AdminClient.part(volume) + "/exports";
        ExportView made = client.post(path, request, ExportView.class);
        print(made, made.target() + " shows snapshot " + made.snapshot() + ", " + made.kind());
    }
}
