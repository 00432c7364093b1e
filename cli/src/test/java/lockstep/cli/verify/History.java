package lockstep.cli.verify;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// Everything that hosts did to some sectors, through whatever sessions and nodes, on one clock of
/// ticks: each invocation and each response has one, invocations before they are sent and responses
/// after they are heard. [#violations] judges it sector by sector. Of each write and sector some 25
/// bytes are kept, of reads nothing more.
public final class History implements Recorder {
    private static final int TOLD = 5;

    private final SectorHistory[] sectors;
    private long tick;
    private long acked;
    private long reads;
    private long unknown;

    /// Sectors that read as zeros so far.
    public History(int sectors) {
        this.sectors = new SectorHistory[sectors];
        for (int i = 0; i < sectors; i++) {
            this.sectors[i] = new SectorHistory();
        }
    }

    /// How many sectors.
    public int sectors() {
        return sectors.length;
    }

    /// Counts so far: writes acknowledged, reads answered, writes that never got an answer.
    public record Counts(long acked, long reads, long unknown) {
        /// Operations that have ended with data or GOOD.
        public long operations() {
            return acked + reads;
        }
    }

    /// Counts so far.
    public synchronized Counts counts() {
        return new Counts(acked, reads, unknown);
    }

    /// The time now; whatever is recorded later is later.
    public synchronized long now() {
        return ++tick;
    }

    @Override
    public synchronized long begin(int first, int count) {
        long sequence = ++tick;
        for (int sector = first; sector < first + count; sector++) {
            sectors[sector].begin(sequence);
        }
        return sequence;
    }

    @Override
    public synchronized void acknowledged(long sequence, int first, int count) {
        long now = ++tick;
        acked++;
        for (int sector = first; sector < first + count; sector++) {
            sectors[sector].acknowledged(sequence, now);
        }
    }

    @Override
    public synchronized void unknown(long sequence, int first, int count) {
        unknown++;
    }

    @Override
    public synchronized void notDone(long sequence, int first, int count) {
        for (int sector = first; sector < first + count; sector++) {
            sectors[sector].notDone(sequence);
        }
    }

    @Override
    public Reading reading(int maxSectors) {
        return new OneRead();
    }

    private final class OneRead implements Reading {
        private long invoked;
        private long responded;

        @Override
        public void begins(int first, int count) {
            invoked = now();
        }

        @Override
        public void ends() {
            synchronized (History.this) {
                responded = ++tick;
                reads++;
            }
        }

        @Override
        public boolean returned(int sector, long sequence) {
            synchronized (History.this) {
                return sectors[sector].read(sequence, invoked, responded);
            }
        }
    }

    /// The first few sectors whose history no order explains, and why. Empty: it is linearizable.
    public synchronized List<String> violations() {
        List<String> found = new ArrayList<>();
        for (int sector = 0; sector < sectors.length && found.size() < TOLD; sector++) {
            @Nullable String violation = sectors[sector].violation();
            if (violation != null) {
                found.add("sector " + sector + ": " + violation);
            }
        }
        return found;
    }
}
