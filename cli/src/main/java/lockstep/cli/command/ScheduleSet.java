package lockstep.cli.command;

import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;
import lockstep.target.admin.model.ScheduleView;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

import java.io.IOException;
import java.util.List;
import java.util.Locale;

/// `lockstep snapshot schedule set VOLUME NAME --every 1h --keep 24 [--lun N,...]`.
@Command(
        name = "set",
        description = "Take snapshots at multiples of a time, and keep the newest.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class ScheduleSet extends NodeCommand {
    @Parameters(paramLabel = "VOLUME", description = "the volume")
    private String volume;

    @Parameters(paramLabel = "NAME", description = "its name, with which its snapshots begin")
    private String name;

    @Option(names = "--every", required = true, description = "how often, like 30m, 1h or 1d")
    private String every;

    @Option(names = "--keep", required = true, description = "how many are kept")
    private int keep;

    @Option(
            names = "--lun",
            split = ",",
            paramLabel = "NUMBER",
            description = "LUNs to take (default: all that take writes)")
    private List<Integer> luns = List.of();

    @Override
    void run(AdminClient client) throws IOException, Refused {
        ScheduleView request = new ScheduleView(volume, name, seconds(every), keep, luns);
        String path = "/volumes/" + AdminClient.part(volume) + "/schedules";
        ScheduleView made = client.post(path, request, ScheduleView.class);
        print(made, made.name() + " takes snapshots every " + every + " and keeps " + keep);
    }

    static long seconds(String text) {
        String lower = text.strip().toLowerCase(Locale.ROOT);
        int unit = lower.isEmpty() ? -1 : "smhd".indexOf(lower.charAt(lower.length() - 1));
        long[] seconds = {1, 60, 3600, 86_400};
        try {
            if (unit >= 0) {
                long number = Long.parseLong(lower.substring(0, lower.length() - 1).strip());
                return Math.multiplyExact(number, seconds[unit]);
            }
        } catch (ArithmeticException | NumberFormatException e) {
            throw new IllegalArgumentException("'" + text + "' is not a time like 30m or 1d", e);
        }
        throw new IllegalArgumentException("'" + text + "' is not a time like 30m or 1d");
    }
}
