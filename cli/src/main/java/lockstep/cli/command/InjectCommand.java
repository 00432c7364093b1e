package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.FaultView;
import lockstep.target.admin.model.InjectFault;

import picocli.CommandLine.Option;

import java.io.IOException;
import java.util.Locale;

/// What all commands that set a fault share: when it happens, and the answer.
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
abstract class InjectCommand extends NodeCommand {
    @Option(
            names = "--skip",
            paramLabel = "N",
            description = "let it pass so many times first (default: 0)")
    private long skip;

    @Option(
            names = "--one-in",
            paramLabel = "N",
            description = "then once in so many times on average (default: 1, each time)")
    private int oneIn = 1;

    @Option(
            names = "--for",
            paramLabel = "TIME",
            description = "clear it after this time, like 500ms or 10s (default: never)")
    private String lasts = "";

    /// Where a fault is.
    record Place(String at, String target, long offset, long length) {
        Place(String at, String target) {
            this(at, target, 0, 0);
        }
    }

    final void inject(AdminClient client, Place place, String kind, String delay, long count)
            throws IOException, Refused {
        InjectFault request =
                new InjectFault(
                        place.at,
                        place.target,
                        kind,
                        place.offset,
                        place.length,
                        millis(delay),
                        skip,
                        oneIn,
                        count,
                        millis(lasts));
        FaultView set = client.post("/faults", request, FaultView.class);
        print(set, "fault " + set.id() + " is set: " + set.fault() + ", " + set.firing());
    }

    // Nothing is no time.
    private static long millis(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        if (lower.isEmpty()) {
            return 0;
        }
        if (!lower.endsWith("ms")) {
            return Math.multiplyExact(1000, ScheduleSet.seconds(lower));
        }
        try {
            return Long.parseLong(lower.substring(0, lower.length() - 2).strip());
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a time like 500ms", e);
        }
    }
}
