package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject disk DISK FAULT`.
@Command(
        name = "disk",
        description = "Make a disk fail, or be late.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectDisk extends InjectDevice {
    @Parameters(paramLabel = "DISK", description = "the disk, a name or a path")
    private String disk;

    @Parameters(
            paramLabel = "FAULT",
            description =
                    "read-error, write-error, flush-error, slow (with --delay), hang, flip (a bit"
                            + " of what is read), lost-write, misdirected-write, torn-write (told"
                            + " done, and not there, elsewhere, or half there) or no-space (below"
                            + " the disk)")
    private String fault;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        inject(client, "disk", disk, fault);
    }
}
