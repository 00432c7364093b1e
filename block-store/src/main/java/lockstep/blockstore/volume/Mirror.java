package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.UpdateSink;
import lockstep.blockstore.log.LogEntry;

import java.nio.ByteBuffer;

/// Where an active volume sends what its mirror must know; implemented by replication. Called on
/// the volume's loop. What comes back (entries stored, consistency point committed, link lost)
/// arrives through the methods of [ActiveVolume] that are named for it.
public interface Mirror extends UpdateSink {
    /// Bytes of entries that were given to it and are not durable there yet. They are kept here.
    default long unstoredBytes() {
        return 0;
    }

    /// The most that the entries of this volume may take in its log, as [MirrorLogUse] counts.
    default long logQuota() {
        return Long.MAX_VALUE;
    }

    /// Sends one log entry that belongs to log half `half`. The entry and its buffers are lent for
    /// the call: an implementation that keeps them copies or, with `data` given, retains.
    void ship(long half, LogEntry borrowed);

    /// From here on, until the commit, updates belong to `cp`, which holds everything up to
    /// sequence `upTo` of the log.
    void cpBegin(CpId cp, long upTo);

    /// All updates are sent and the source's superblock is durable: the mirror may commit. `root`
    /// is the volume's root record (lent for the call), the same on both sides.
    void cpCommit(CpId cp, ByteBuffer borrowedRoot);
}
