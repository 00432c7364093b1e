package lockstep.cli.command;

import picocli.CommandLine.Command;

/// `lockstep snapshot schedule …`: only a name for what is below it.
@Command(
        name = "schedule",
        description = "Snapshots taken by the clock.",
        mixinStandardHelpOptions = true,
        subcommands = {ScheduleSet.class, ScheduleList.class, ScheduleRemove.class})
public final class SnapshotSchedule {}
