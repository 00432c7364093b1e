package lockstep.blockstore.volume;

/// Figures of an active volume for people. Blocks are VBNs of 4096 bytes; `dead` blocks are used
/// only by the image before or by a pin. `dirtyBytes` is what the next consistency point will
/// write, roughly; `lastCpNanos` is how long the last one took from its freezing to its commit, 0
/// before the first; `waitingAnswers` wait to be durable, `waitingCommands` for room.
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
        int waitingCommands) {}
