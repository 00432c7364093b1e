package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep lun …`: only a name for what is below it.
@Command(
        name = "lun",
        description = "LUNs.",
        mixinStandardHelpOptions = true,
        subcommands = {
            LunCreate.class,
            LunList.class,
            LunMap.class,
            LunUnmap.class,
            LunGrow.class,
            LunExplain.class,
            LunDelete.class
        })
public final class Lun {}
