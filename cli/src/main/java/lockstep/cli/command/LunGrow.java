package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.GrowLun;
import lockstep.target.admin.model.LunView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep lun grow VOLUME NUMBER --size SIZE`.
@Command(
        name = "grow",
        description = "Make a LUN larger, while hosts use it.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LunGrow extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(paramLabel = "NUMBER", description = "its number")
    private int number;

    @Option(names = "--size", required = true, description = "its new size, like 20g")
    private String size;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/luns/" + number + "/grow";
        LunView grown = client.post(path, new GrowLun(Sizes.parse(size)), LunView.class);
        print(
                grown,
                "LUN "
                        + number
                        + " has "
                        + Sizes.show(grown.sizeBytes())
                        + "; hosts hear of it with their next command, or rescan");
    }
}
