package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;

import java.util.ArrayDeque;

/// The most that the entries since the last image take of the mirror's log, half by half. There
/// they are committed in other company than here: each counts as if it were committed alone, until
/// it is known which ones surely are committed together. Entries count whether there is a mirror or
/// not, and whether they are in the log here or not.
public final class MirrorLogUse {
    private static final class Half {
        final long number;
        long bytes;

        Half(long number) {
            this.number = number;
        }
    }

    // The newest last.
    private final ArrayDeque<Half> halves = new ArrayDeque<>();
    private long bytes;

    MirrorLogUse() {}

    /// Entries up to half `half` were found in the log, and take `found` bytes of it.
    void found(long half, long found) {
        Check.that(halves.isEmpty(), "what is found comes first");
        add(half, found);
    }

    /// `entry` belongs to half `half`; halves do not go back.
    void sequenced(long half, LogEntry entry) {
        add(half, EntryCodec.aloneBytes(EntryCodec.encodedLength(entry)));
    }

    /// Entries of half `half` are committed together, wherever that is, and take `fewerBytes` less
    /// than if each were alone.
    public void together(long half, long fewerBytes) {
        // Mostly it is the newest; of one that an image holds nothing is counted any more.
        var newestFirst = halves.descendingIterator();
        while (newestFirst.hasNext()) {
            Half counted = newestFirst.next();
            if (counted.number == half) {
                Check.that(fewerBytes <= counted.bytes, "together they take something");
                counted.bytes -= fewerBytes;
                bytes -= fewerBytes;
                return;
            }
        }
    }

    /// An image that both nodes have, or need not, holds everything up to half `half`.
    void release(long half) {
        while (!halves.isEmpty() && halves.element().number <= half) {
            bytes -= halves.remove().bytes;
        }
    }

    /// Bytes of all halves.
    long bytes() {
        return bytes;
    }

    /// Bytes of half `half`, if it is the newest that has any; 0 otherwise.
    long bytesOfNewest(long half) {
        Half newest = halves.peekLast();
        return newest == null || newest.number != half ? 0 : newest.bytes;
    }

    private void add(long half, long added) {
        Half newest = halves.peekLast();
        if (newest == null || newest.number != half) {
            Check.that(newest == null || newest.number < half, "halves do not go back");
            newest = new Half(half);
            halves.add(newest);
        }
        newest.bytes += added;
        bytes += added;
    }
}
