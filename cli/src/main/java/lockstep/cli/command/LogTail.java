package lockstep.cli.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;

import lockstep.cli.ExitCode;
import lockstep.target.TailReader;

import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;

/// `lockstep log tail FILE`: shows what is in a file below `tails` in a node's data directory. Ends
/// with 1 if the file is not whole.
@Command(
        name = "tail",
        description = {
            "Show the writes that only an old source had, and that were kept aside when it became",
            "the mirror of its partner."
        },
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class LogTail implements Callable<Integer> {
    @Spec private CommandSpec spec;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    @Parameters(paramLabel = "FILE", description = "VOLUME-TIME.tail")
    private Path file;

    @Override
    public Integer call() throws Exception {
        PrintWriter out = spec.commandLine().getOut();
        TailReader.Summary summary;
        if (json) {
            ObjectMapper mapper = new ObjectMapper();
            ArrayNode changes = mapper.createArrayNode();
            summary = TailReader.read(file, line -> changes.add(mapper.valueToTree(line)));
            ObjectNode all = mapper.valueToTree(summary);
            all.set("changes", changes);
            out.println(mapper.writerWithDefaultPrettyPrinter().writeValueAsString(all));
        } else {
            out.printf("%-10s %4s %12s %12s  %s%n", "WHAT", "LUN", "LBA", "BYTES", "HELD BY");
            summary = TailReader.read(file, line -> show(line, out));
            out.printf(
                    "%d changes of volume %s that only node %s had, kept at %s%n",
                    summary.records(), summary.volume(), summary.node(), summary.time());
            out.printf(
                    "it held image %s and went back to %s%n", summary.held(), summary.wentBackTo());
            if (!summary.whole()) {
                out.println("the file is not whole: it is cut off or damaged behind the last line");
            }
        }
        out.flush();
        return (summary.whole() ? ExitCode.OK : ExitCode.FAILED).code();
    }

    private static void show(TailReader.Line line, PrintWriter out) {
        String lun = line.lun() < 0 ? "-" : Integer.toString(line.lun());
        out.printf(
                "%-10s %4s %12d %12d  %s %s%n",
                line.what(), lun, line.lba(), line.bytes(), line.place(), line.detail());
    }
}
