package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep volume …`: only a name for what is below it.
@Command(
        name = "volume",
        description = "Volumes.",
        mixinStandardHelpOptions = true,
        subcommands = {
            VolumeCreate.class,
            VolumeList.class,
            VolumeGrow.class,
            VolumeDelete.class,
            VolumeCheck.class,
            Scrub.class
        })
public final class Volume {}
