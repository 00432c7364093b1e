package lockstep.cli;

import lockstep.cli.command.Bench;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The program `lockstep`.
@Command(
        name = "lockstep",
        description = "Block storage over iSCSI with synchronous mirroring.",
        mixinStandardHelpOptions = true,
        version = "lockstep 0.1.0",
        subcommands = {Bench.class})
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Lockstep implements Runnable {
    @Spec private CommandSpec spec;

    /// Runs one command and exits with its code.
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /// The command line, as the program and its tests use it.
    public static CommandLine commandLine() {
        return new CommandLine(new Lockstep());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }
}
