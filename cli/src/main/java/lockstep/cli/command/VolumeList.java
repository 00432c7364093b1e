package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.VolumeView;

import picocli.CommandLine.Command;

import java.io.IOException;

/// `lockstep volume list`.
@Command(name = "list", description = "List the volumes.", mixinStandardHelpOptions = true)
public final class VolumeList extends NodeCommand {

    @Override
    void run(AdminClient client) throws IOException, Refused {
        print(
                client.list("/volumes", VolumeView.class),
                column("VOLUME", VolumeView::name),
                column("ROLE", VolumeView::role),
                column("STATE", VolumeView::state),
                column("SYNC", VolumeView::sync),
                column("SIZE", volume -> Sizes.show(volume.sizeBytes())),
                column("USED", volume -> Sizes.show(volume.usedBytes())),
                column("GROUPS", volume -> volume.groups().size()),
                column("EPOCH", VolumeView::epoch),
                column("CP", VolumeView::cp));
    }
}
