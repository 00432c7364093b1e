package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep host …`: only a name for what is below it.
@Command(
        name = "host",
        description = "Which hosts may use a volume, and how they prove who they are.",
        mixinStandardHelpOptions = true,
        subcommands = {HostAdd.class, HostList.class, HostRemove.class})
public final class Host {}
