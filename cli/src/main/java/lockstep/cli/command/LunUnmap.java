package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.HostView;
import lockstep.target.admin.model.MapLun;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep lun unmap VOLUME NUMBER INITIATOR`.
@Command(name = "unmap", description = "Hide a LUN from a host.", mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LunUnmap extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(paramLabel = "NUMBER", description = "its number")
    private int number;

    @Parameters(paramLabel = "INITIATOR", description = "as the host's rule names it")
    private String initiator;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/luns/" + number + "/unmap";
        HostView host = client.post(path, new MapLun(initiator), HostView.class);
        print(host, host.initiator() + " sees " + HostAdd.seen(host));
    }
}
