package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.cli.explain.Decision;
import lockstep.cli.explain.FactsReader;
import lockstep.cli.explain.HostKind;
import lockstep.cli.explain.LunFacts;
import lockstep.cli.initiator.ChapSecrets;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.SessionOptions;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.NodeStatus;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletionException;

/// `lockstep lun explain VOLUME NUMBER [--host KIND]`: attaches to the LUN as a host does and tells
/// what hosts will make of its answers.
@Command(
        name = "explain",
        description = "Tell what hosts will decide about a LUN, and why.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LunExplain extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume it lives in")
    private String volume;

    @Parameters(paramLabel = "NUMBER", description = "its number")
    private int number;

    @Option(names = "--host", description = "esxi, windows or linux (default: all)")
    private @Nullable String host;

    @Option(
            names = "--portal",
            paramLabel = "HOST:PORT",
            description = "where to attach (default: the node's first portal)")
    private @Nullable String portal;

    @Option(names = "--initiator", description = "the iSCSI name to attach as")
    private String initiator = "iqn.2026-11.io.lockstep:explain";

    @Option(names = "--chap-user", description = "its CHAP name (default: the iSCSI name)")
    private @Nullable String chapUser;

    @Option(
            names = "--chap-secret",
            paramLabel = "FILE",
            description = "a file with its CHAP secret, or - for standard input")
    private @Nullable String chapSecret;

    /// One line of the answer.
    public record Row(String host, String decision, boolean good, String result, String why) {}

    @Override
    void run(AdminClient client) throws IOException, Refused {
        IscsiUrl url = url(client);
        List<Row> rows = new ArrayList<>();
        LunFacts facts = facts(url);
        for (Decision decision : Decision.values()) {
            String kind = decision.host().name().toLowerCase(Locale.ROOT);
            if (wanted(decision.host())) {
                Decision.Verdict verdict = decision.about(facts);
                rows.add(
                        new Row(
                                kind,
                                decision.title(),
                                verdict.good(),
                                verdict.result(),
                                verdict.why()));
            }
        }
        print(
                rows,
                column("HOST", Row::host),
                column("DECISION", Row::decision),
                column("RESULT", Row::result),
                column("WHY", Row::why));
    }

    private boolean wanted(HostKind kind) {
        if (host == null) {
            return true;
        }
        for (HostKind known : HostKind.values()) {
            if (known.name().equalsIgnoreCase(host)) {
                return known == kind;
            }
        }
        throw new IllegalArgumentException("--host is esxi, windows or linux, not '" + host + "'");
    }

    private IscsiUrl url(AdminClient client) throws IOException, Refused {
        for (LunView lun : client.list("/luns", LunView.class)) {
            if (lun.volume().equals(volume) && lun.number() == number) {
                String at =
                        portal == null
                                ? client.get("/status", NodeStatus.class).portals().getFirst()
                                : portal;
                return IscsiUrl.parse("iscsi://" + at + "/" + lun.target() + "/" + number);
            }
        }
        throw new IllegalArgumentException(
                "there is no LUN " + number + " of " + volume + " on this node");
    }

    private LunFacts facts(IscsiUrl url) throws IOException {
        SessionOptions options = SessionOptions.defaults().named(initiator, 1);
        if (chapSecret != null) {
            String user = chapUser == null ? initiator : chapUser;
            options = options.withChap(new ChapSecrets(user, SecretFile.read(chapSecret), null));
        }
        try (Initiator attaching = new Initiator(1)) {
            IscsiSession session = attaching.connect(url, options).join();
            try {
                return new FactsReader(session, number).read();
            } finally {
                session.logout().join();
            }
        } catch (CompletionException failed) {
            throw new IOException(
                    "cannot attach to "
                            + url
                            + " as "
                            + initiator
                            + ": "
                            + (failed.getCause() == null
                                    ? failed.getMessage()
                                    : failed.getCause().getMessage()),
                    failed);
        }
    }
}
