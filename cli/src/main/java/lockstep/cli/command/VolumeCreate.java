package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.VolumeView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `lockstep volume create NAME (--group DISK,DISK,… | --auto)`.
@Command(
        name = "create",
        description = "Make a volume over RAID-4 groups of disks.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class VolumeCreate extends NodeCommand {
    @Parameters(paramLabel = "NAME", description = "the name of the volume")
    private String name;

    @Option(
            names = "--group",
            paramLabel = "DISK,...",
            description = "one RAID group: its disks, parity last; may come more than once")
    private List<String> groups = new ArrayList<>();

    @Option(names = "--auto", description = "make groups from all free disks")
    private boolean automatic;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        List<List<String>> disks = new ArrayList<>();
        groups.forEach(group -> disks.add(List.of(group.split(",", -1))));
        CreateVolume request = new CreateVolume(name, disks, automatic);
        VolumeView made = client.post("/volumes", request, VolumeView.class);
        print(made, "volume " + made.name() + " is made, " + Sizes.show(made.sizeBytes()));
    }
}
