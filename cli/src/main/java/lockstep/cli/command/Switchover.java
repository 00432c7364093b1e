package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.SwitchedOver;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.Locale;

/// `lockstep switchover VOLUME`.
@Command(
        name = "switchover",
        description = {
            "Move a volume from this node to its partner while hosts use it.",
            "Giving it back is the same, asked of the partner."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Switchover extends NodeCommand {
    private static final double MICROS_PER_MILLI = 1000;

    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/switchover";
        SwitchedOver moved = client.post(path, null, SwitchedOver.class);
        String pause = String.format(Locale.ROOT, "%.1f", moved.pauseMicros() / MICROS_PER_MILLI);
        print(moved, volume + " is served by the partner now; hosts waited for " + pause + " ms");
    }
}
