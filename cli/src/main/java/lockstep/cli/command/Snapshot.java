package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep snapshot …`: only a name for what is below it.
@Command(
        name = "snapshot",
        description = "Snapshots of LUNs.",
        mixinStandardHelpOptions = true,
        subcommands = {
            SnapshotCreate.class,
            SnapshotList.class,
            SnapshotClone.class,
            SnapshotRestore.class,
            SnapshotDelete.class,
            SnapshotSchedule.class
        })
public final class Snapshot {}
