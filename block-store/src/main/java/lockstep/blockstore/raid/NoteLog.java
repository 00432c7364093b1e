package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// The dirty notes of one group, with the blocks rescued from a missing disk. Notes accumulate
/// until the group is flushed; each one says all that its predecessor since that flush said.
final class NoteLog {
    private final GroupDisks disks;
    private final TrafficCount traffic;
    private final List<DirtyNote.BlockRange> open = new ArrayList<>();
    private long sequence;
    private boolean rescued;

    NoteLog(GroupDisks disks, TrafficCount traffic) {
        this.disks = disks;
        this.traffic = traffic;
    }

    /// Whether something is noted that is not flushed yet.
    boolean isOpen() {
        return !open.isEmpty();
    }

    /// Ranges that still fit before a flush.
    int room() {
        return DirtyNote.MAXIMUM_RANGES - open.size();
    }

    void flushed() {
        open.clear();
        rescued = false;
    }

    /// Whether blocks were rescued with a note that is not flushed yet.
    boolean holdsRescued() {
        return rescued;
    }

    /// Notes `ranges` durably on all live members, and `saved` blocks with them on two.
    void write(
            CpId cp,
            List<DirtyNote.BlockRange> ranges,
            Map<Long, ByteBuffer> saved,
            IoCompletion done) {
        open.addAll(ranges);
        rescued |= !saved.isEmpty();
        writeOpen(cp, saved, done);
    }

    /// Notes durably that nothing is half written.
    void clear(CpId cp, IoCompletion done) {
        open.clear();
        rescued = false;
        writeOpen(cp, new TreeMap<>(), done);
    }

    private void writeOpen(CpId cp, Map<Long, ByteBuffer> saved, IoCompletion done) {
        sequence++;
        int slot = (int) (sequence & 1);
        DirtyNote note =
                new DirtyNote(sequence, cp, disks.missingSlot(), saved.size(), List.copyOf(open));
        ByteBuffer encoded = note.encode();
        traffic.noted(Blocks.containing(encoded.remaining()) * disks.slots());
        if (saved.isEmpty()) {
            disks.writeEverywhereDurably(DiskLayout.note(slot), encoded, done);
            return;
        }
        Together written =
                new Together(
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                flushThenNote(slot, encoded, done);
                            }
                        });
        ByteBuffer bytes = new PartialParity(sequence, new TreeMap<>(saved)).encode();
        traffic.noted(2 * Blocks.containing(bytes.remaining()));
        int copies = 0;
        for (int member = 0; member < disks.slots() && copies < 2; member++) {
            if (disks.live(member)) {
                copies++;
                long at = DiskLayout.partialParity(slot);
                disks.write(member, at, List.of(bytes.duplicate()), written.one());
            }
        }
        written.start();
    }

    // A durable write covers itself only, and the note promises that the rescued blocks are there.
    private void flushThenNote(int slot, ByteBuffer note, IoCompletion done) {
        disks.flush(
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        disks.writeEverywhereDurably(DiskLayout.note(slot), note, done);
                    }
                });
    }

    /// Takes the newest note, and what was rescued with it; null if there is none.
    interface Newest {
        void ended(@Nullable DirtyNote note, @Nullable PartialParity rescued);
    }

    /// Reads the newest note of all members.
    void readNewest(Newest done) {
        List<DirtyNote> found = new ArrayList<>();
        Together together =
                new Together(
                        _ -> {
                            DirtyNote best = null;
                            for (DirtyNote note : found) {
                                boolean newer = best == null || note.sequence() > best.sequence();
                                best = newer ? note : best;
                            }
                            if (best == null) {
                                done.ended(null, null);
                            } else {
                                sequence = Math.max(sequence, best.sequence());
                                readRescued(best, done);
                            }
                        });
        for (int slot = 0; slot < 2; slot++) {
            IoCompletion one = together.one();
            @Nullable ByteBuffer[] bytes = buffers(DiskLayout.NOTE_BLOCKS);
            disks.readEverywhere(
                    DiskLayout.note(slot),
                    bytes,
                    () -> {
                        for (ByteBuffer each : bytes) {
                            DirtyNote note = each == null ? null : DirtyNote.decode(each);
                            if (note != null) {
                                found.add(note);
                            }
                        }
                        one.ended(null);
                    });
        }
        together.start();
    }

    private @Nullable ByteBuffer[] buffers(int blocks) {
        @Nullable ByteBuffer[] bytes = new @Nullable ByteBuffer[disks.slots()];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = ByteBuffer.allocate(blocks * Blocks.SIZE);
        }
        return bytes;
    }

    private void readRescued(DirtyNote note, Newest done) {
        if (note.rescued() == 0) {
            done.ended(note, null);
            return;
        }
        @Nullable ByteBuffer[] bytes = buffers(1 + DiskLayout.PARTIAL_PARITY_BLOCKS);
        disks.readEverywhere(
                DiskLayout.partialParity((int) (note.sequence() & 1)),
                bytes,
                () -> {
                    PartialParity best = null;
                    for (ByteBuffer each : bytes) {
                        PartialParity one = each == null ? null : PartialParity.decode(each);
                        best = one != null && one.sequence() == note.sequence() ? one : best;
                    }
                    done.ended(note, best);
                });
    }
}
