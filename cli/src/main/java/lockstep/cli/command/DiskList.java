package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.DiskView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep disk list`.
@Command(
        name = "list",
        description = "List the disks that the node sees.",
        mixinStandardHelpOptions = true)
public final class DiskList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/disks", DiskView.class),
                column("DISK", DiskView::name),
                column("SIZE", disk -> Sizes.show(disk.sizeBytes())),
                column("STATE", DiskView::state),
                column("VOLUME", DiskView::volume),
                column("GROUP", DiskView::group),
                column("SLOT", DiskView::slot),
                column("ERRORS", disk -> disk.readErrors() + disk.checksumErrors()),
                column("DETAIL", DiskView::detail),
                column("PATH", DiskView::path));
    }
}
