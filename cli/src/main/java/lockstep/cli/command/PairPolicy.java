package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.SetPolicy;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;

/// `lockstep pair policy VOLUME strict|available`.
@Command(
        name = "policy",
        description = {
            "Say what the source does when its mirror is away.",
            "strict: it acknowledges nothing until the mirror is back or you say detach.",
            "available: it goes on alone; a takeover then may lose writes."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class PairPolicy extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "POLICY", description = "strict or available")
    private String policy;

    @Option(
            names = "--budget-seconds",
            paramLabel = "N",
            description = "it goes on alone for at most so long, then stops as strict does")
    private long budgetSeconds;

    @Option(
            names = "--budget-bytes",
            paramLabel = "SIZE",
            description = "or for at most so many bytes, like 2g")
    private String budgetBytes = "0";

    @Override
    void run(AdminClient client) throws IOException, Refused {
        String path = "/volumes/" + AdminClient.part(volume) + "/policy";
        SetPolicy request = new SetPolicy(policy, budgetSeconds, Sizes.parse(budgetBytes));
        Done done = client.post(path, request, Done.class);
        print(done, done.message());
    }
}
