package lockstep.target.admin.model;

/// How far the rebuild of a disk is: blocks of the disk looked at and in all, bytes written to it
/// and blocks that no disk has any more (both since the node started), and, from what it did until
/// now, its rate and the time left (-1 if nothing is known yet).
public record RebuildView(
        long doneBlocks,
        long allBlocks,
        long writtenBytes,
        long lostBlocks,
        long bytesPerSecond,
        long secondsLeft) {}
