package lockstep.cli.command;

import com.fasterxml.jackson.databind.ObjectMapper;

import lockstep.cli.ExitCode;
import lockstep.target.DiskCheck;
import lockstep.target.NodeConfig;
import lockstep.target.admin.model.CheckView;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/// `lockstep volume check -c FILE [VOLUME]`: looks at the disks of a node that is not running, and
/// changes nothing. Ends with 1 if anything is wrong, with 3 if a disk is in use.
@Command(
        name = "check",
        description = "Check volumes on the disks of a node that is stopped; nothing is changed.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class VolumeCheck implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(
            names = {"-c", "--config"},
            required = true,
            paramLabel = "FILE",
            description = "the node's file, which names its disks")
    private Path file;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    @Parameters(
            paramLabel = "VOLUME",
            arity = "0..1",
            description = "the volume (default: all that are on the disks)")
    private @Nullable String volume;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        CheckView found;
        try {
            found = DiskCheck.run(NodeConfig.load(file), volume);
        } catch (DiskCheck.InUse inUse) {
            spec.commandLine().getErr().println("refused: " + inUse.getMessage());
            spec.commandLine().getErr().println("what to do: stop the node first");
            return ExitCode.REFUSED.code();
        }
        if (json) {
            out.println(
                    new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(found));
        } else {
            show(found, out);
        }
        out.flush();
        return (found.clean() ? ExitCode.OK : ExitCode.FAILED).code();
    }

    private static void show(CheckView found, PrintWriter out) {
        found.problems().forEach(out::println);
        for (CheckView.VolumeResult each : found.volumes()) {
            out.printf(
                    "volume %s (%s, %s): %s%n",
                    each.volume(),
                    each.role(),
                    each.cp(),
                    each.clean()
                            ? "clean"
                            : each.errors().size()
                                    + " errors, "
                                    + each.repairable()
                                    + " repairable by a scrub, "
                                    + each.lost()
                                    + " lost");
            each.errors().forEach(error -> out.println("  " + error));
            each.findings().forEach(finding -> out.println("  " + finding));
            each.notes().forEach(note -> out.println("  note: " + note));
        }
    }
}
