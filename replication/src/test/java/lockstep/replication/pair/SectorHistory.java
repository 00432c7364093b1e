package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What each sector may hold: the last acknowledged write, or one that was under way since. Writes
/// are numbered; a sector's content is its write's number all over, so it tells which write it came
/// from.
final class SectorHistory {
    private static final class Sector {
        long acknowledged;
        final List<Long> open = new ArrayList<>();
    }

    private final Sector[] sectors;
    private long writes;
    long acknowledgedSectors;
    long checkedSectors;

    SectorHistory(int count) {
        sectors = new Sector[count];
        Arrays.setAll(sectors, _ -> new Sector());
    }

    int size() {
        return sectors.length;
    }

    /// A write of `count` sectors from `first` begins; gives its number. 0 stands for zeros.
    long begin(int first, int count, boolean zeros) {
        long number = ++writes * 2 + (zeros ? 1 : 0);
        for (int i = first; i < first + count; i++) {
            sectors[i].open.add(number);
        }
        return number;
    }

    /// The bytes of a write.
    static byte[] content(long number, int sectors) {
        byte[] bytes = new byte[sectors * Blocks.SECTOR];
        if ((number & 1) == 0) {
            java.nio.ByteBuffer view = java.nio.ByteBuffer.wrap(bytes);
            while (view.hasRemaining()) {
                view.putLong(number);
            }
        }
        return bytes;
    }

    /// Acknowledged: nothing older is allowed any more.
    void acknowledged(int first, int count, long number) {
        for (int i = first; i < first + count; i++) {
            Sector sector = sectors[i];
            int at = sector.open.indexOf(number);
            if (at >= 0) {
                sector.open.subList(0, at + 1).clear();
                sector.acknowledged = number;
                acknowledgedSectors++;
            }
        }
    }

    /// Refused: it has no effect, now or later.
    void refused(int first, int count, long number) {
        for (int i = first; i < first + count; i++) {
            sectors[i].open.remove(Long.valueOf(number));
        }
    }

    /// What a read of a sector may return at a moment.
    List<Long> allowed(int index) {
        List<Long> allowed = new ArrayList<>(sectors[index].open);
        allowed.add(sectors[index].acknowledged);
        return allowed;
    }

    /// The number that a sector's bytes stand for; -1 if they are no write's.
    static long numberOf(byte[] bytes, int at) {
        java.nio.ByteBuffer view = java.nio.ByteBuffer.wrap(bytes, at, Blocks.SECTOR);
        long first = view.getLong();
        while (view.hasRemaining()) {
            if (view.getLong() != first) {
                return -1;
            }
        }
        return first;
    }

    /// A read that was answered: it began when `before` was allowed, and ended now. What it saw has
    /// been seen, so nothing older may come after it.
    boolean judge(int index, long seen, List<Long> before) {
        checkedSectors++;
        Sector sector = sectors[index];
        boolean allowed =
                matches(seen, sector.acknowledged)
                        || anyMatch(seen, before)
                        || anyMatch(seen, sector.open);
        // Zeros may be those of any write of zeros, so they tell nothing.
        int at = sector.open.indexOf(seen);
        if (at >= 0 && !matches(seen, sector.acknowledged)) {
            sector.open.subList(0, at + 1).clear();
            sector.acknowledged = seen;
        }
        return allowed;
    }

    private static boolean anyMatch(long seen, List<Long> numbers) {
        for (long number : numbers) {
            if (matches(seen, number)) {
                return true;
            }
        }
        return false;
    }

    private static boolean matches(long seen, long number) {
        return (number & 1) == 1 || number == 0 ? seen == 0 : seen == number;
    }
}
