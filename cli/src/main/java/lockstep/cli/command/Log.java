package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep log …`: only a name for what is below it.
@Command(
        name = "log",
        description = "What a node has kept of a write log.",
        mixinStandardHelpOptions = true,
        subcommands = {LogTail.class})
public final class Log {}
