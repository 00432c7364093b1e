package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.GrowVolume;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/// `lockstep volume grow NAME [DISK DISK… | --auto]`.
@Command(
        name = "grow",
        description = {
            "Make a volume larger by a new RAID group, while it is in use.",
            "Without disks: take into use what has joined before. To add a disk to a group that"
                    + " there is: `lockstep disk add NAME DISK --group N`."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class VolumeGrow extends NodeCommand {
    @Parameters(index = "0", paramLabel = "NAME", description = "the volume")
    private String name;

    @Parameters(
            index = "1..*",
            paramLabel = "DISK",
            description = "the disks of the new group, names or paths, parity last")
    private List<String> disks = new ArrayList<>();

    @Option(names = "--auto", description = "make the group from all free disks")
    private boolean automatic;

    @Option(names = "--force", description = "give up what another volume has on the disks")
    private boolean force;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        if (automatic && !disks.isEmpty()) {
            throw new IllegalArgumentException("name the disks, or say --auto");
        }
        String path = "/volumes/" + AdminClient.part(name) + "/grow";
        GrowVolume request = new GrowVolume(null, disks, automatic, force);
        Done done = client.post(path, request, Done.class);
        print(done, done.message());
    }
}
