package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep node …`: only a name for what is below it.
@Command(
        name = "node",
        description = "The node itself.",
        mixinStandardHelpOptions = true,
        subcommands = {NodeStart.class, Status.class, NodeKey.class})
public final class Node {}
