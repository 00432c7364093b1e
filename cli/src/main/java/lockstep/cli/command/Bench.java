package lockstep.cli.command;

import com.fasterxml.jackson.databind.ObjectMapper;

import lockstep.cli.ExitCode;
import lockstep.cli.bench.BenchOptions;
import lockstep.cli.bench.BenchReport;
import lockstep.cli.bench.BenchRun;
import lockstep.cli.initiator.IscsiUrl;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;

/// `lockstep bench`: load on any iSCSI target, with latencies and the target's CPU per I/O.
@Command(
        name = "bench",
        description = "Measure an iSCSI target: throughput, latency, CPU per I/O.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Bench implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Parameters(arity = "1..*", paramLabel = "URL", description = "iscsi://host:port/target/lun")
    private List<String> urls;

    @Option(names = "--mode", description = "read, write or mixed (default: read)")
    private String mode = "read";

    @Option(names = "--mix", description = "share of reads of mixed, in percent (default: 70)")
    private int mix = 70;

    @Option(names = "--block-size", description = "bytes per command; 4k, 64k, 1m (default: 4k)")
    private String blockSize = "4k";

    @Option(names = "--depth", description = "commands under way per session (default: 32)")
    private int depth = 32;

    @Option(names = "--sessions", description = "sessions per URL (default: 1)")
    private int sessions = 1;

    @Option(names = "--duration", description = "seconds measured (default: 10)")
    private int duration = 10;

    @Option(names = "--warm-up", description = "seconds before that (default: 1)")
    private int warmUp = 1;

    @Option(
            names = {"--region", "--size"},
            description = "use only this much of the LUN's start (default: all)")
    private String region = "0";

    @Option(names = "--sequential", description = "walk from a random start instead of at random")
    private boolean sequential;

    @Option(names = "--seed", description = "of all random choices (default: 1)")
    private long seed = 1;

    @Option(names = "--threads", description = "loops to run on (default: 1)")
    private int threads = 1;

    @Option(
            names = "--pid",
            split = ",",
            description = "the target's process, to count its CPU per I/O; PID,PID for a pair")
    private List<Long> pids = new ArrayList<>();

    @Option(names = "--rate", description = "commands a second in all (default: as many as go)")
    private int rate;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    @Override
    public Integer call() throws Exception {
        BenchReport report = new BenchRun(options()).run();
        String text =
                json
                        ? new ObjectMapper()
                                        .writerWithDefaultPrettyPrinter()
                                        .writeValueAsString(report)
                                + System.lineSeparator()
                        : report.text();
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        return (report.failed() == 0 ? ExitCode.OK : ExitCode.FAILED).code();
    }

    private BenchOptions options() {
        int readPercent =
                switch (mode) {
                    case "read" -> 100;
                    case "write" -> 0;
                    case "mixed" -> mix;
                    default -> throw wrong("--mode is read, write or mixed, not '" + mode + "'");
                };
        List<IscsiUrl> parsed = new ArrayList<>();
        try {
            urls.forEach(url -> parsed.add(IscsiUrl.parse(url)));
            return new BenchOptions(
                    parsed,
                    readPercent,
                    (int) Sizes.parse(blockSize),
                    depth,
                    sessions,
                    duration,
                    warmUp,
                    Sizes.parse(region),
                    sequential,
                    seed,
                    threads,
                    pids,
                    rate);
        } catch (IllegalArgumentException e) {
            throw wrong(String.valueOf(e.getMessage()));
        }
    }

    private ParameterException wrong(String message) {
        return new ParameterException(spec.commandLine(), message);
    }
}
