package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Position;
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
    /// An entry, and of a write where its data is. `crcs` are those of the whole blocks in that,
    /// made when they came: what is in memory for long may be spoiled there. They are null where
    /// the data is one block, whose checksum the entry has. There may be a million of these.
    @SuppressWarnings("ArrayRecordComponent")
    private record Kept(
            long half, LogEntry entry, int @Nullable [] crcs, EntryMemory.@Nullable Slab slab) {}

    /// A block of an entry's data, and what its checksum was when it came.
    record Block(ByteBuffer content, int crc) {}

    /// Takes the end of [#read].
    interface ReadEnd {
        /// `unusable` says why the log is of no use, or is null; only halves above `highestHalf`
        /// may be appended to.
        void ended(@Nullable String unusable, long highestHalf);
    }

    private final SequenceRing<Kept> entries;
    private EntryMemory memory = new EntryMemory();
    private Position end;
    private long lastHalf;

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

    /// Keeps a copy of `borrowed`.
    void add(long half, LogEntry borrowed) {
        Check.that(continues(half, borrowed), "entries at a mirror have no gap");
        if (borrowed instanceof LogEntry.EpochOpened opened) {
            cutBehind(opened.from().sequence());
        }
        long number = entries.next();
        Check.that(number == borrowed.position().sequence(), "an entry has its place");
        entries.add(keep(half, borrowed));
        end = borrowed.position();
        lastHalf = half;
    }

    /// The 4096 bytes at `offset` of the data of entry `sequence`; null if there is no such thing.
    @Nullable Block block(long sequence, int offset) {
        Kept kept = entries.get(sequence);
        if (kept == null || !(kept.entry instanceof LogEntry.Write write)) {
            return null;
        }
        ByteBuffer data = write.data();
        int ahead = offset - firstWhole(write);
        boolean whole = ahead >= 0 && ahead % Blocks.SIZE == 0;
        if (!whole || offset > data.remaining() - Blocks.SIZE) {
            return null;
        }
        int crc = kept.crcs == null ? write.crc() : kept.crcs[ahead / Blocks.SIZE];
        return new Block(data.slice(offset, Blocks.SIZE), crc);
    }

    // Where the first whole block of the LUN begins in the data.
    private static int firstWhole(LogEntry.Write write) {
        return (int) (-write.offset() & (Blocks.SIZE - 1));
    }

    private static int @Nullable [] crcsOf(LogEntry.Write write) {
        ByteBuffer data = write.data();
        int first = firstWhole(write);
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
            if (kept.slab != null) {
                kept.slab.giveBack();
            }
        }
    }

    /// Shows every entry held, oldest first.
    void forEach(Consumer<LogEntry> each) {
        entries.forEach(kept -> each.accept(kept.entry));
    }

    /// Every entry held in a half from `floorHalf` on, for as long as it is wanted: none of what
    /// they stand in is used again.
    List<TakeoverRehearsal.Entry> held(long floorHalf) {
        memory.retire();
        memory = new EntryMemory();
        List<TakeoverRehearsal.Entry> held = new ArrayList<>();
        entries.forEach(
                kept -> {
                    if (kept.half >= floorHalf) {
                        held.add(new TakeoverRehearsal.Entry(kept.half, kept.entry));
                    }
                });
        return held;
    }

    /// Begins anew behind `position`.
    void restartAt(Position position) {
        entries.restartAt(position.sequence() + 1);
        end = position;
        lastHalf = 0;
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
                        add(half, entry);
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
        memory.retire();
        for (Kept kept = entries.removeFirst(); kept != null; kept = entries.removeFirst()) {
            if (kept.half >= floorHalf) {
                handler.entry(kept.half, kept.entry);
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

    private Kept keep(long half, LogEntry entry) {
        return switch (entry) {
            case LogEntry.Write w -> {
                EntryMemory.Slab slab = memory.slabFor(w.data().remaining());
                ByteBuffer data = slab.copyOf(w.data());
                LogEntry copy =
                        new LogEntry.Write(at(w.position()), w.lun(), w.offset(), data, w.crc());
                yield new Kept(half, copy, crcsOf(w), slab);
            }
            case LogEntry.WriteSame s -> {
                LogEntry copy =
                        new LogEntry.WriteSame(
                                s.position(), s.lun(), s.offset(), s.length(), copyOf(s.pattern()));
                yield new Kept(half, copy, null, null);
            }
            case LogEntry.Put p -> {
                LogEntry copy = new LogEntry.Put(p.position(), p.key(), copyOf(p.value()));
                yield new Kept(half, copy, null, null);
            }
            case LogEntry.Unmap u -> new Kept(half, u, null, null);
            case LogEntry.EpochOpened o -> new Kept(half, o, null, null);
        };
    }

    // Those of one epoch share it.
    private Position at(Position position) {
        boolean same = position.epoch().equals(end.epoch());
        return same ? new Position(end.epoch(), position.sequence()) : position;
    }

    private static ByteBuffer copyOf(ByteBuffer borrowed) {
        return ByteBuffer.allocate(borrowed.remaining()).put(borrowed.duplicate()).flip();
    }
}
