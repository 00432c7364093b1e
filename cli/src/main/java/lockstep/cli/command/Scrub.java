package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep volume scrub …`: only a name for what is below it.
@Command(
        name = "scrub",
        description = "Look for damage in a volume and repair it.",
        mixinStandardHelpOptions = true,
        subcommands = {ScrubStart.class, ScrubStop.class, ScrubStatus.class})
public final class Scrub {}
