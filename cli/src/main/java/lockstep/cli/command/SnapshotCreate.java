package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.TakeSnapshot;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;

/// `lockstep snapshot create VOLUME NAME [--lun N,...]`.
@Command(
        name = "create",
        description = "Take snapshots of LUNs, all at the same moment.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class SnapshotCreate extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume they live in")
    private String volume;

    @Parameters(paramLabel = "NAME", description = "the name of the snapshot")
    private String name;

    @Option(
            names = "--lun",
            split = ",",
            paramLabel = "NUMBER",
            description = "LUNs to take (default: all that take writes)")
    private List<Integer> luns = List.of();

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/snapshots";
        SnapshotView[] taken =
                client.post(path, new TakeSnapshot(name, luns), SnapshotView[].class);
        List<Integer> numbers = List.of(taken).stream().map(SnapshotView::lun).toList();
        print(List.of(taken), name + " is taken of LUNs " + LunList.numbers(numbers));
    }
}
