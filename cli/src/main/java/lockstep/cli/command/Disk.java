package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep disk …`: only a name for what is below it.
@Command(
        name = "disk",
        description = "Disks of the node.",
        mixinStandardHelpOptions = true,
        subcommands = {
            DiskList.class,
            DiskReplace.class,
            DiskAdd.class,
            DiskFault.class,
            DiskLocate.class
        })
public final class Disk {}
