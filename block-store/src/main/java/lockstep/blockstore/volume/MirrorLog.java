package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.Appended;
import lockstep.blockstore.log.HeldMemory;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.LogStream;
import lockstep.blockstore.log.LogVerdict;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// A source's entries at its mirror, in memory: what its next consistency points may refer to, and
/// what a takeover replays. The same entries are in the log on disk; this holds them until the
/// image does.
final class MirrorLog {
    /// What is held of one entry. There may be a million of these, so a write is one object.
    private sealed interface Kept {
        long half();

        LogEntry entry();
    }

    private record KeptOther(long half, LogEntry entry) implements Kept {}

    /// A write, whose data stand in `memory` from `at` on. `crcs` are those of the whole blocks in
    /// that, made when they came: what is in memory for long may be spoiled there. They are null
    /// where the data is one block, whose checksum the entry has.
    @SuppressWarnings("ArrayRecordComponent")
    private record KeptWrite(
            long half,
            Epoch epoch,
            long sequence,
            int lun,
            long offset,
            int length,
            int crc,
            int @Nullable [] crcs,
            HeldMemory memory,
            int at)
            implements Kept {
        @Override
        public LogEntry entry() {
            ByteBuffer data = memory.view(at, length);
            return new LogEntry.Write(new Position(epoch, sequence), lun, offset, data, crc);
        }
    }

    /// A block of an entry's data, and what its checksum was when it came.
    record Block(ByteBuffer content, int crc) {}

    /// Takes the end of [#read].
    interface ReadEnd {
        /// `unusable` says why the log is of no use, or is null; only halves above `highestHalf`
        /// may be appended to.
        void ended(@Nullable String unusable, long highestHalf);
    }

    private final SequenceRing<Kept> entries;
    private final EntryMemory copies = new EntryMemory();
    private Position end;
    private long lastHalf;
    private long givenAway;

    /// An empty log that goes on behind `end`.
    MirrorLog(Position end) {
        this.end = end;
        this.entries = new SequenceRing<>(end.sequence() + 1);
    }

    /// The last entry held, or where the log begins.
    Position end() {
        return end;
    }

    /// Whether `entry` continues what is here; one that opens an epoch may cut off what it voids.
    boolean continues(long half, LogEntry entry) {
        Position position = entry.position();
        if (half < lastHalf || position.epoch().compareTo(end.epoch()) < 0) {
            return false;
        }
        if (entry instanceof LogEntry.EpochOpened opened) {
            return opened.from().sequence() <= end.sequence()
                    && position.sequence() == opened.from().sequence() + 1
                    && position.epoch().compareTo(end.epoch()) > 0;
        }
        return position.sequence() == end.sequence() + 1;
    }

    /// Keeps `borrowed`: its data where the log has them, if that has told where, or a copy.
    void add(long half, LogEntry borrowed, @Nullable Appended inLog) {
        Check.that(continues(half, borrowed), "entries at a mirror have no gap");
        if (borrowed instanceof LogEntry.EpochOpened opened) {
            cutBehind(opened.from().sequence());
        }
        long number = entries.next();
        Check.that(number == borrowed.position().sequence(), "an entry has its place");
        entries.add(keep(half, borrowed, inLog));
        end = new Position(shared(borrowed.position().epoch()), number);
        lastHalf = half;
    }

    /// The 4096 bytes at `offset` of the data of entry `sequence`; null if there is no such thing.
    @Nullable Block block(long sequence, int offset) {
        if (!(entries.get(sequence) instanceof KeptWrite kept)) {
            return null;
        }
        int ahead = offset - firstWhole(kept.offset);
        boolean whole = ahead >= 0 && ahead % Blocks.SIZE == 0;
        if (!whole || offset > kept.length - Blocks.SIZE) {
            return null;
        }
        int crc = kept.crcs == null ? kept.crc : kept.crcs[ahead / Blocks.SIZE];
        return new Block(kept.memory.view(kept.at + offset, Blocks.SIZE), crc);
    }

    // Where the first whole block of the LUN begins in data for `offset`.
    private static int firstWhole(long offset) {
        return (int) (-offset & (Blocks.SIZE - 1));
    }

    private static int @Nullable [] crcsOf(LogEntry.Write write) {
        ByteBuffer data = write.data();
        int first = firstWhole(write.offset());
        if (first == 0 && data.remaining() == Blocks.SIZE) {
            return null;
        }
        int[] crcs = new int[Math.max(0, data.remaining() - first) / Blocks.SIZE];
        for (int i = 0; i < crcs.length; i++) {
            crcs[i] = Crc32c.of(data, data.position() + first + i * Blocks.SIZE, Blocks.SIZE);
        }
        return crcs;
    }

    /// The image holds everything up to `sequence`, and nobody reads a [#block] of that any more.
    void dropUpTo(long sequence) {
        while (entries.first() <= sequence) {
            Kept kept = entries.removeFirst();
            if (kept == null) {
                return;
            }
            if (kept instanceof KeptWrite write && write.sequence > givenAway) {
                write.memory.giveBack();
            }
        }
    }

    /// Shows every entry held, oldest first.
    void forEach(Consumer<LogEntry> each) {
        entries.forEach(kept -> each.accept(kept.entry()));
    }

    /// Every entry held in a half from `floorHalf` on, for as long as it is wanted: none of what
    /// they stand in is used again.
    List<TakeoverRehearsal.Entry> held(long floorHalf) {
        givenAway = end.sequence();
        List<TakeoverRehearsal.Entry> held = new ArrayList<>();
        entries.forEach(
                kept -> {
                    if (kept.half() >= floorHalf) {
                        held.add(new TakeoverRehearsal.Entry(kept.half(), kept.entry()));
                    }
                });
        return held;
    }

    /// Begins anew behind `position`.
    void restartAt(Position position) {
        entries.restartAt(position.sequence() + 1);
        end = position;
        lastHalf = 0;
        givenAway = 0;
    }

    /// Takes what `stream` holds in halves from `floor` on, into a log that is empty and goes on
    /// where the image does.
    void read(LogStream stream, long floor, ReadEnd done) {
        long inImage = end.sequence();
        boolean[] gap = new boolean[1];
        stream.replay(
                floor,
                (half, entry) -> {
                    if (continues(half, entry)) {
                        add(half, entry, null);
                    } else if (entry.position().sequence() > inImage) {
                        gap[0] = true;
                    }
                },
                (verdict, last, highestHalf) -> {
                    String why = gap[0] ? "it has a gap" : null;
                    done.ended(verdict.replays() ? why : verdict.text(), highestHalf);
                });
    }

    /// Delivers what is here the way a log on disk would, once: whoever takes it needs memory for
    /// it too, so what was delivered is forgotten.
    void replay(long floorHalf, LogStream.EntryHandler handler, LogStream.ReplayEnd done) {
        for (Kept kept = entries.removeFirst(); kept != null; kept = entries.removeFirst()) {
            if (kept.half() >= floorHalf) {
                handler.entry(kept.half(), kept.entry());
            }
        }
        done.ended(new LogVerdict.Clean(end), end, lastHalf);
    }

    // What is cut off, or was here before a restart, is not given back: a consistency point that is
    // being written may still hold it.
    private void cutBehind(long sequence) {
        if (sequence + 1 < entries.first()) {
            entries.restartAt(sequence + 1);
        } else {
            entries.cutFrom(sequence + 1);
        }
    }

    private Kept keep(long half, LogEntry entry, @Nullable Appended inLog) {
        return switch (entry) {
            case LogEntry.Write w -> keep(half, w, inLog);
            case LogEntry.WriteSame s -> {
                LogEntry copy =
                        new LogEntry.WriteSame(
                                s.position(), s.lun(), s.offset(), s.length(), copyOf(s.pattern()));
                yield new KeptOther(half, copy);
            }
            case LogEntry.Put p ->
                    new KeptOther(half, new LogEntry.Put(p.position(), p.key(), copyOf(p.value())));
            case LogEntry.Unmap u -> new KeptOther(half, u);
            case LogEntry.EpochOpened o -> new KeptOther(half, o);
        };
    }

    // Less than a block is copied: alone in a commit it would hold a block of the log's memory.
    private KeptWrite keep(long half, LogEntry.Write w, @Nullable Appended inLog) {
        int length = w.data().remaining();
        if (inLog == null || inLog.length() != length || length < Blocks.SIZE) {
            EntryMemory.Slab slab = copies.slabFor(length);
            return kept(half, w, slab, slab.add(w.data()));
        }
        inLog.memory().hold();
        return kept(half, w, inLog.memory(), inLog.at());
    }

    private KeptWrite kept(long half, LogEntry.Write w, HeldMemory memory, int at) {
        int length = w.data().remaining();
        Epoch epoch = shared(w.position().epoch());
        long sequence = w.position().sequence();
        return new KeptWrite(
                half, epoch, sequence, w.lun(), w.offset(), length, w.crc(), crcsOf(w), memory, at);
    }

    // Entries of one epoch share it.
    private Epoch shared(Epoch epoch) {
        return epoch.equals(end.epoch()) ? end.epoch() : epoch;
    }

    private static ByteBuffer copyOf(ByteBuffer borrowed) {
        return ByteBuffer.allocate(borrowed.remaining()).put(borrowed.duplicate()).flip();
    }
}
