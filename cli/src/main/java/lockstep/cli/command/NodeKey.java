package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep node key …`: only a name for what is below it.
@Command(
        name = "key",
        description = "The keys that secrets of hosts are sealed under.",
        mixinStandardHelpOptions = true,
        subcommands = {NodeKeyExport.class, NodeKeyImport.class})
public final class NodeKey {}
