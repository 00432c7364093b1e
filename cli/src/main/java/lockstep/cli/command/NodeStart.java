package lockstep.cli.command;

import lockstep.cli.ExitCode;
import lockstep.target.NodeConfig;
import lockstep.target.NodeProgram;

import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

import java.nio.file.Path;
import java.util.ServiceLoader;
import java.util.concurrent.Callable;

/// `lockstep node start -c FILE`: runs a node in this process until it is told to end.
@Command(
        name = "start",
        description = "Run a node in the foreground.",
        mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class NodeStart implements Callable<Integer> {
    @Option(
            names = {"-c", "--config"},
            required = true,
            paramLabel = "FILE",
            description = "the node's file; see conf/node.example.conf")
    private Path file;

    @Override
    public Integer call() throws Exception {
        NodeConfig config = NodeConfig.load(file);
        NodeProgram program =
                ServiceLoader.load(NodeProgram.class)
                        .findFirst()
                        .orElseThrow(
                                () -> new IllegalStateException("no node program in this build"));
        program.run(config);
        return ExitCode.OK.code();
    }
}
