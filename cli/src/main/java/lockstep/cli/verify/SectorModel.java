package lockstep.cli.verify;

import java.util.Arrays;

/// Which writes may stand in each sector. Every write gets one tick when it begins, which is its
/// sequence, and one when it ends; a write is superseded once another one that **began after it had
/// ended** has been acknowledged. So a sector's candidates are the last acknowledged write,
/// whatever ran at the same time, and whatever never got an answer (unknown: old or new, both are
/// right).
///
/// An unknown write of a lost connection counts as ended when the connection was lost. That is
/// right when its target was killed, or when the next login reinstates the session (same initiator
/// name and qualifier), which ends the old one's tasks.
///
/// It judges each read by itself: not whether two reads fit together, or what a lost connection's
/// write may do later. That takes a whole history; this takes a few primitive arrays. Methods are
/// synchronized: loops of several sessions share one model, and the section is short.
public final class SectorModel implements Recorder {
    /// Candidates kept per sector; a sector with that many takes no further write until one ends.
    private static final int CANDIDATES = 6;

    private static final long IN_FLIGHT = Long.MAX_VALUE;

    private final int sectors;
    private final long[] sequences;
    private final long[] endTicks;
    private final boolean[] acknowledged;
    private final byte[] counts;
    private long tick;
    private long begun;
    private long acked;
    private long unknown;

    /// A region of this many sectors, never written: all zeros. A LUN that an earlier model wrote
    /// is zeroed first.
    public SectorModel(int sectors) {
        this.sectors = sectors;
        sequences = new long[sectors * CANDIDATES];
        endTicks = new long[sectors * CANDIDATES];
        acknowledged = new boolean[sectors * CANDIDATES];
        counts = new byte[sectors];
        Arrays.fill(counts, (byte) 1);
        for (int sector = 0; sector < sectors; sector++) {
            acknowledged[sector * CANDIDATES] = true;
        }
    }

    /// Sectors in the region.
    public int sectors() {
        return sectors;
    }

    /// Counts so far: writes begun, acknowledged, and of unknown end.
    public record Counts(long begun, long acked, long unknown) {}

    /// Counts so far.
    public synchronized Counts counts() {
        return new Counts(begun, acked, unknown);
    }

    /// Returns 0 if some sector has too many candidates to take another now.
    @Override
    public synchronized long begin(int first, int count) {
        for (int sector = first; sector < first + count; sector++) {
            if (counts[sector] == CANDIDATES) {
                return 0;
            }
        }
        long sequence = ++tick;
        for (int sector = first; sector < first + count; sector++) {
            int at = sector * CANDIDATES + counts[sector]++;
            sequences[at] = sequence;
            endTicks[at] = IN_FLIGHT;
            acknowledged[at] = false;
        }
        begun++;
        return sequence;
    }

    /// The write was acknowledged: what had ended before it began is superseded.
    @Override
    public synchronized void acknowledged(long sequence, int first, int count) {
        acked++;
        long now = ++tick;
        for (int sector = first; sector < first + count; sector++) {
            int at = find(sector, sequence);
            endTicks[at] = now;
            acknowledged[at] = true;
            dropEndedBefore(sector, sequence);
        }
    }

    /// The write has no answer and will get none.
    @Override
    public synchronized void unknown(long sequence, int first, int count) {
        unknown++;
        long now = ++tick;
        for (int sector = first; sector < first + count; sector++) {
            endTicks[find(sector, sequence)] = now;
        }
    }

    /// The write did certainly not happen.
    @Override
    public synchronized void notDone(long sequence, int first, int count) {
        for (int sector = first; sector < first + count; sector++) {
            remove(sector, find(sector, sequence));
        }
    }

    /// How an observed sequence stands to a sector's candidates.
    public enum Verdict {
        /// The last acknowledged write, or one at the same time.
        ACKNOWLEDGED,
        /// A write that never got an answer.
        UNACKNOWLEDGED,
        /// An older write than one acknowledged: data was lost.
        LOST,
        /// Nothing that was ever written here.
        FOREIGN
    }

    /// Judges what stands in a sector when no write to it is under way. What was read once must
    /// stand, so it becomes the only candidate.
    public synchronized Verdict observe(int sector, long sequence) {
        int at = find(sector, sequence);
        if (at < 0) {
            return sequence >= 0 && sequence <= tick ? Verdict.LOST : Verdict.FOREIGN;
        }
        boolean wasAcknowledged = acknowledged[at];
        int base = sector * CANDIDATES;
        sequences[base] = sequence;
        endTicks[base] = endTicks[at];
        acknowledged[base] = true;
        counts[sector] = 1;
        return wasAcknowledged ? Verdict.ACKNOWLEDGED : Verdict.UNACKNOWLEDGED;
    }

    /// Whether a write to the sector is under way.
    public synchronized boolean busy(int sector) {
        for (int i = 0; i < counts[sector]; i++) {
            if (endTicks[sector * CANDIDATES + i] == IN_FLIGHT) {
                return true;
            }
        }
        return false;
    }

    @Override
    public Reading reading(int maxSectors) {
        return new Candidates(maxSectors);
    }

    /// A read may return a candidate from when it began, or any write that began since: a stamp is
    /// checked and names its sector, so a newer sequence can only be such a write.
    private final class Candidates implements Reading {
        private final long[] candidates;
        private final int[] candidateCounts;
        private int firstSector;
        private long began;
        private long ended;

        Candidates(int maxSectors) {
            candidates = new long[maxSectors * CANDIDATES];
            candidateCounts = new int[maxSectors];
        }

        @Override
        public void begins(int first, int count) {
            synchronized (SectorModel.this) {
                firstSector = first;
                began = tick;
                for (int i = 0; i < count; i++) {
                    int from = (first + i) * CANDIDATES;
                    candidateCounts[i] = counts[first + i];
                    System.arraycopy(
                            sequences, from, candidates, i * CANDIDATES, candidateCounts[i]);
                }
            }
        }

        @Override
        public void ends() {
            synchronized (SectorModel.this) {
                ended = tick;
            }
        }

        @Override
        public boolean returned(int sector, long sequence) {
            int index = sector - firstSector;
            boolean right = sequence > began && sequence <= ended;
            for (int c = 0; c < candidateCounts[index]; c++) {
                right |= candidates[index * CANDIDATES + c] == sequence;
            }
            return right;
        }
    }

    private int find(int sector, long sequence) {
        int base = sector * CANDIDATES;
        for (int i = 0; i < counts[sector]; i++) {
            if (sequences[base + i] == sequence) {
                return base + i;
            }
        }
        return -1;
    }

    private void dropEndedBefore(int sector, long sequence) {
        int base = sector * CANDIDATES;
        for (int i = counts[sector] - 1; i >= 0; i--) {
            if (endTicks[base + i] < sequence) {
                remove(sector, base + i);
            }
        }
    }

    private void remove(int sector, int at) {
        int last = sector * CANDIDATES + --counts[sector];
        sequences[at] = sequences[last];
        endTicks[at] = endTicks[last];
        acknowledged[at] = acknowledged[last];
    }
}
