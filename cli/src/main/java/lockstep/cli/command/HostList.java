package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.HostView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep host list`.
@Command(
        name = "list",
        description = "List the rules about hosts. A volume without any is open.",
        mixinStandardHelpOptions = true)
public final class HostList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/hosts", HostView.class),
                column("VOLUME", HostView::volume),
                column("INITIATOR", HostView::initiator),
                column("FROM", host -> String.join(" ", host.addresses())),
                column("LUNS", host -> host.allLuns() ? "all" : LunList.numbers(host.luns())),
                column("CHAP", HostView::chap));
    }
}
