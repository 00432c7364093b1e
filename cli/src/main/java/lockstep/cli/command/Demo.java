package lockstep.cli.command;

import lockstep.cli.ExitCode;
import lockstep.cli.demo.Demonstration;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.nio.file.Path;
import java.util.concurrent.Callable;

/// `lockstep demo`: a mirrored pair on this machine that proves itself and then serves.
@Command(
        name = "demo",
        description = "Run a mirrored pair on this machine: prove it, then serve until Ctrl-C.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Demo implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
            names = "--dir",
            defaultValue = "demo",
            description = "where nodes and disks live (default: ./demo)")
    private Path directory;

    @Option(
            names = "--size",
            defaultValue = "1g",
            description = "size of the LUN, on sparse files (default: 1g)")
    private String size;

    @Option(
            names = "--port",
            defaultValue = "3260",
            description = "the first of four ports on loopback (default: 3260)")
    private int port;

    @Option(names = "--once", description = "stop after the proof, with exit code 0 or 1")
    private boolean once;

    @Override
    public Integer call() throws Exception {
        long bytes = Sizes.parse(size) / 4096 * 4096;
        var demonstration =
                new Demonstration(
                        directory.toAbsolutePath().normalize(),
                        bytes,
                        port,
                        spec.commandLine().getOut());
        // Ctrl-C: children are told to end in order; they would end with this process anyway.
        Thread stop = Thread.ofPlatform().name("stop").unstarted(demonstration::close);
        Runtime.getRuntime().addShutdownHook(stop);
        demonstration.start();
        boolean right = demonstration.prove();
        if (right && !once) {
            demonstration.serve();
        }
        return (right ? ExitCode.OK : ExitCode.FAILED).code();
    }
}
