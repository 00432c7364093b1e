package lockstep.blockstore.volume;

import lockstep.blockstore.cp.CpTally;

/// Figures of an active volume for people. Blocks are VBNs of 4096 bytes; `dead` blocks are used
/// only by the image before or by a pin; `drainingBlocks` are those of deleted snapshots that wait
/// to become free, and `isDraining` says whether those, or deleted trees, are left. `dirtyBytes` is
/// what the next consistency point will write, roughly; `lastCpNanos` is how long the last one took
/// from its freezing to its commit, 0 before the first; `waitingAnswers` wait to be durable,
/// `waitingCommands` for room; `longestWaitNanos` is the longest that a command waited for room in
/// this half of the log and the one before. `written` counts what consistency points wrote.
public record VolumeUsage(
        long blocks,
        long usedBlocks,
        long reservedBlocks,
        long deadBlocks,
        long drainingBlocks,
        boolean isDraining,
        long dirtyBytes,
        long commits,
        long lastCpNanos,
        int waitingAnswers,
        int waitingCommands,
        long longestWaitNanos,
        CpTally.Blocks written) {
    static VolumeUsage of(VolumeCore core, CpDriver driver, Admission admission) {
        return new VolumeUsage(
                core.cp.map().size(),
                core.cp.map().used(),
                core.reserved,
                core.cp.dead().entries(),
                core.image.deaths().freedBlocks(),
                core.image.deaths().isDraining(),
                core.filling.cost(),
                driver.commits(),
                driver.lastNanos(),
                core.gate.size(),
                admission.waiting(),
                admission.longestWaitNanos(),
                core.cp.tally().soFar());
    }
}
