package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.SnapshotView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep snapshot list`.
@Command(
        name = "list",
        description =
                "List the snapshots, with what each alone keeps from being free (UNIQUE) and what"
                        + " it shares.",
        mixinStandardHelpOptions = true)
public final class SnapshotList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/snapshots", SnapshotView.class),
                column("VOLUME", SnapshotView::volume),
                column("LUN", SnapshotView::lun),
                column("NAME", SnapshotView::name),
                column("CREATED", SnapshotView::created),
                column("STATE", SnapshotView::state),
                column("UNIQUE", snapshot -> Sizes.show(snapshot.uniqueBytes())),
                column("SHARED", snapshot -> Sizes.show(snapshot.sharedBytes())),
                column("SCHEDULE", SnapshotView::schedule),
                column("CLONES", snapshot -> LunList.numbers(snapshot.clones())));
    }
}
