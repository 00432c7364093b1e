package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.FaultView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep inject list`.
@Command(
        name = "list",
        description = "List the faults that are set, and what has come of them.",
        mixinStandardHelpOptions = true)
public final class InjectList extends NodeCommand {
    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/faults", FaultView.class),
                column("ID", FaultView::id),
                column("FAULT", FaultView::fault),
                column("WHEN", FaultView::firing),
                column("HAPPENED", fault -> fault.fired() + (fault.spent() ? ", all" : "")),
                column("HOLDS UP", FaultView::waiting));
    }
}
