package lockstep.cli;

import lockstep.cli.client.Refused;
import lockstep.cli.client.Unreachable;
import lockstep.cli.command.Activate;
import lockstep.cli.command.Bench;
import lockstep.cli.command.Demo;
import lockstep.cli.command.Disk;
import lockstep.cli.command.Host;
import lockstep.cli.command.Inject;
import lockstep.cli.command.Log;
import lockstep.cli.command.Lun;
import lockstep.cli.command.Mirror;
import lockstep.cli.command.Node;
import lockstep.cli.command.Pair;
import lockstep.cli.command.Snapshot;
import lockstep.cli.command.Status;
import lockstep.cli.command.Switchover;
import lockstep.cli.command.Takeover;
import lockstep.cli.command.Volume;
import lockstep.target.ConfigError;

import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

import java.io.IOException;
import java.io.PrintWriter;

/// The program `lockstep`.
@Command(
        name = "lockstep",
        description = "Block storage over iSCSI with synchronous mirroring.",
        mixinStandardHelpOptions = true,
        version = "lockstep 0.1.0",
        subcommands = {
            Node.class,
            Status.class,
            Disk.class,
            Volume.class,
            Lun.class,
            Snapshot.class,
            Host.class,
            Pair.class,
            Mirror.class,
            Log.class,
            Switchover.class,
            Takeover.class,
            Activate.class,
            Inject.class,
            Bench.class,
            Demo.class
        })
@SuppressWarnings("NullAway.Init") // Picocli fills the fields
public final class Lockstep implements Runnable {
    @Spec private CommandSpec spec;

    /// Runs one command and exits with its code.
    public static void main(String[] arguments) {
        System.exit(commandLine().execute(arguments));
    }

    /// The command line, as the program and its tests use it.
    public static CommandLine commandLine() {
        return new CommandLine(new Lockstep())
                .setExecutionExceptionHandler(
                        (failure, commandLine, _) -> tell(failure, commandLine.getErr()).code());
    }

    @Override
    public void run() {
        throw new ParameterException(spec.commandLine(), "a command is missing");
    }

    // What happened and, where it is known, what to do: no stack traces for operators.
    private static ExitCode tell(Exception failure, PrintWriter err) {
        return switch (failure) {
            case Refused refused -> {
                err.println("refused: " + refused.error().happened());
                err.println("what to do: " + refused.error().remedy());
                yield ExitCode.REFUSED;
            }
            case Unreachable unreachable -> {
                err.println(unreachable.getMessage());
                err.println("what to do: start the node, or name it with --node ADDRESS");
                yield ExitCode.UNREACHABLE;
            }
            case ConfigError wrong -> {
                err.println(wrong.getMessage());
                yield ExitCode.CONFIGURATION;
            }
            case IllegalArgumentException wrong -> {
                err.println(wrong.getMessage());
                yield ExitCode.USAGE;
            }
            default -> {
                err.println("failed: " + said(failure));
                yield ExitCode.FAILED;
            }
        };
    }

    // Who wraps a failure says more than its cause; a message of ours needs no class before it.
    private static String said(Exception failure) {
        String message = failure.getMessage();
        boolean ours = failure.getCause() != null || failure.getClass() == IOException.class;
        return message != null && ours ? message : failure.toString();
    }
}
