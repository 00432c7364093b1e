package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.ExportView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep mirror exports`.
@Command(
        name = "exports",
        description = "List the snapshots that this node shows to hosts.",
        mixinStandardHelpOptions = true)
public final class MirrorExports extends NodeCommand {
    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/exports", ExportView.class),
                column("VOLUME", ExportView::volume),
                column("NAME", ExportView::name),
                column("SNAPSHOT", ExportView::snapshot),
                column("AS OF", ExportView::asOf),
                column("KIND", ExportView::kind),
                column("STATE", ExportView::state),
                column("SCRATCH", ExportView::scratch),
                column("LUNS", export -> LunList.numbers(export.luns())),
                column("TARGET", ExportView::target));
    }
}
