package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.LunView;

import picocli.CommandLine.Command;

import java.io.IOException;
import java.util.List;

/// `lockstep lun list`.
@Command(name = "list", description = "List the LUNs.", mixinStandardHelpOptions = true)
public final class LunList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/luns", LunView.class),
                column("VOLUME", LunView::volume),
                column("LUN", LunView::number),
                column("NAME", LunView::name),
                column("SIZE", lun -> Sizes.show(lun.sizeBytes())),
                column("USED", lun -> Sizes.show(lun.usedBytes())),
                column("SNAPSHOTS", lun -> Sizes.show(lun.snapshotBytes())),
                column("STATE", lun -> lun.state() + (lun.readOnly() ? ", read-only" : "")),
                column("HOSTS", lun -> String.join(" ", lun.hosts())),
                column("TARGET", LunView::target),
                column("IDENTITY", LunView::identity));
    }

    static String numbers(List<Integer> numbers) {
        return String.join(", ", numbers.stream().map(String::valueOf).toList());
    }
}
