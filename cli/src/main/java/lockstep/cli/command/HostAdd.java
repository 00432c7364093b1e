package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.AddHost;
import lockstep.target.admin.model.HostView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/// `lockstep host add VOLUME INITIATOR …`. Secrets come from files or standard input, or are made
/// and put into a new file; they never stand in the command line or in what is printed.
@Command(
        name = "add",
        description = {
            "Let a host use a volume. The first rule of a volume shuts out all others.",
            "Secrets have 12 to 64 bytes; Windows takes at most 16."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class HostAdd extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(
            paramLabel = "INITIATOR",
            description = "the host's iSCSI name, or the start of names and *")
    private String initiator;

    @Option(
            names = "--address",
            paramLabel = "RANGE",
            split = ",",
            description = "only from these addresses, like 10.1.0.0/16 (default: from all)")
    private List<String> addresses = List.of();

    @Option(
            names = "--lun",
            paramLabel = "NUMBER",
            split = ",",
            description = "LUNs that it sees; more with `lockstep lun map`")
    private List<Integer> luns = List.of();

    @Option(names = "--all-luns", description = "it sees all LUNs, also those made later")
    private boolean allLuns;

    @Option(names = "--chap-user", description = "its CHAP name (default: its iSCSI name)")
    private @Nullable String chapUser;

    @Option(
            names = "--chap-secret",
            paramLabel = "FILE",
            description = "the host must prove itself with the secret in this file, or - for input")
    private @Nullable String chapSecret;

    @Option(
            names = "--new-chap-secret",
            paramLabel = "FILE",
            description = "the same with a new secret, which is put into this new file")
    private @Nullable Path newChapSecret;

    @Option(names = "--mutual-user", description = "the target's CHAP name (default: target)")
    private @Nullable String mutualUser;

    @Option(
            names = "--mutual-secret",
            paramLabel = "FILE",
            description = "the target can prove itself with the secret in this file")
    private @Nullable String mutualSecret;

    @Option(
            names = "--new-mutual-secret",
            paramLabel = "FILE",
            description = "the same with a new secret, which is put into this new file")
    private @Nullable Path newMutualSecret;

    @Option(names = "--replace", description = "there may be a rule for it already")
    private boolean replace;

    @Override
    void run(AdminClient client) throws IOException, Refused {
        AddHost request =
                new AddHost(
                        initiator,
                        addresses,
                        luns,
                        allLuns,
                        chapUser,
                        SecretFile.secret(chapSecret, newChapSecret),
                        mutualUser,
                        SecretFile.secret(mutualSecret, newMutualSecret),
                        replace);
        String path = "/volumes/" + AdminClient.part(volume) + "/hosts";
        HostView made = client.post(path, request, HostView.class);
        print(made, made.initiator() + " may use " + made.volume() + ", " + seen(made));
    }

    static String seen(HostView host) {
        return host.allLuns()
                ? "all LUNs"
                : host.luns().isEmpty() ? "no LUN yet" : "LUNs " + LunList.numbers(host.luns());
    }
}
