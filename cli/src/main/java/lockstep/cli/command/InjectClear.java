package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep inject clear (ID | --all)`.
@Command(
        name = "clear",
        description = "Take a fault back. What it held up goes on; what it did stays done.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class InjectClear extends NodeCommand {
    @Parameters(paramLabel = "ID", arity = "0..1", description = "its number")
    private @Nullable Long id;

    @Option(names = "--all", description = "all of them")
    private boolean all;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        if (all == (id != null)) {
            throw new IllegalArgumentException("say which: a number, or --all");
        }
        Done done = client.delete(all ? "/faults" : "/faults/" + id, Done.class);
        print(done, done.message());
    }
}
