package lockstep.cli.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.github.freva.asciitable.AsciiTable;

import lockstep.cli.ExitCode;
import lockstep.cli.client.AdminClient;
import lockstep.cli.client.Refused;

import org.jspecify.annotations.Nullable;

import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.function.Function;

/// What all commands that ask a node share: where it is, and how its answer is printed.
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
abstract class NodeCommand implements Callable<Integer> {
    private static final String STANDARD = "/var/lib/lockstep/admin.sock";

    @Spec private CommandSpec spec;

    @Option(
            names = "--node",
            paramLabel = "ADDRESS",
            description =
                    "the node's admin socket or http://127.0.0.1:port"
                            + " (default: $$LOCKSTEP_NODE, then "
                            + STANDARD
                            + ")")
    private @Nullable String node;

    @Option(names = "--json", description = "print JSON")
    private boolean json;

    /// One column: its title and what it shows of a row.
    record Column<T>(String title, Function<T, Object> of) {}

    abstract void run(AdminClient client) throws IOException, Refused, InterruptedException;

    @Override
    public final Integer call() throws Exception {
        run(new AdminClient(address()));
        return ExitCode.OK.code();
    }

    static <T> Column<T> column(String title, Function<T, Object> of) {
        return new Column<>(title, of);
    }

    /// Prints rows as a table or as JSON.
    @SafeVarargs
    final <T> void print(List<T> rows, Column<T>... columns) throws IOException {
        if (json) {
            printJson(rows);
            return;
        }
        String[] titles = new String[columns.length];
        String[][] cells = new String[rows.size()][columns.length];
        for (int c = 0; c < columns.length; c++) {
            titles[c] = columns[c].title();
            for (int r = 0; r < rows.size(); r++) {
                cells[r][c] = Objects.toString(columns[c].of().apply(rows.get(r)), "");
            }
        }
        out().println(AsciiTable.getTable(AsciiTable.NO_BORDERS, titles, null, cells));
        out().flush();
    }

    /// Prints one answer: as JSON, or the text that says it.
    final void print(Object answer, String text) throws IOException {
        if (json) {
            printJson(answer);
        } else {
            out().println(text);
            out().flush();
        }
    }

    final boolean asJson() {
        return json;
    }

    final PrintWriter out() {
        return spec.commandLine().getOut();
    }

    final PrintWriter err() {
        return spec.commandLine().getErr();
    }

    private void printJson(Object value) throws IOException {
        out().println(
                        new ObjectMapper()
                                .writerWithDefaultPrettyPrinter()
                                .writeValueAsString(value));
        out().flush();
    }

    private String address() {
        if (node != null) {
            return node;
        }
        String environment = System.getenv("LOCKSTEP_NODE");
        return environment == null || environment.isEmpty() ? STANDARD : environment;
    }
}
