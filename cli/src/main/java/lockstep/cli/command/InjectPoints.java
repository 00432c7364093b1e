package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.FaultPointView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep inject points`.
@Command(
        name = "points",
        description = "List the points at which the node can be made to crash.",
        mixinStandardHelpOptions = true)
public final class InjectPoints extends NodeCommand {
    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/faults/points", FaultPointView.class),
                column("POINT", FaultPointView::name),
                column("HOLDS", point -> point.holds() ? "yes" : ""),
                column("WHEN", FaultPointView::description));
    }
}
