package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.LunView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep lun create VOLUME NAME --size SIZE [--number N]`.
@Command(name = "create", description = "Make a LUN in a volume.", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LunCreate extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(paramLabel = "NAME", description = "the name of the LUN")
    private String name;

    @Option(names = "--size", required = true, description = "its size, like 10g")
    private String size;

    @Option(names = "--number", description = "its number (default: the lowest free one)")
    private @Nullable Integer number;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        CreateLun request = new CreateLun(number, name, Sizes.parse(size));
        String path = "/volumes/" + AdminClient.part(volume) + "/luns";
        LunView made = client.post(path, request, LunView.class);
        print(
                made,
                "LUN " + made.number() + " is made: " + made.target() + " lun " + made.number());
    }
}
