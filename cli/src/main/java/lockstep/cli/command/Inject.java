package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep inject …`: only a name for what is below it.
@Command(
        name = "inject",
        description = {
            "Make a node fail, for tests: faults of its disks, its log and its links, and a crash"
                    + " or a standstill at a named point.",
            "Only a node whose file says fault-injection = true does it."
        },
        mixinStandardHelpOptions = true,
        subcommands = {
            InjectDisk.class,
            InjectLog.class,
            InjectLink.class,
            InjectCrash.class,
            InjectStall.class,
            InjectHold.class,
            InjectPoints.class,
            InjectList.class,
            InjectClear.class
        })
public final class Inject {}
