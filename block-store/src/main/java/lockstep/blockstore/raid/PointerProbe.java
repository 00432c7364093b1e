package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/// Compares consecutive blocks of one disk with what pointers ask for. This finds what a block's
/// own entry cannot: an old block with an old entry, left by a write that was lost. What a pointer
/// asks for is worked out from the stripe, and the entry is put right with it.
///
/// The image that the pointers come from may be outdated meanwhile, and its blocks written anew.
/// The entry tells: where it is of a later consistency point than the image, nothing is wrong
/// ([Found#MOVED]). So no image has to be kept for this, and no write waits.
public final class PointerProbe {
    /// What is at a VBN.
    public enum Found {
        /// What the pointer asks for.
        GOOD,
        /// It was not, and is now.
        HEALED,
        /// Something newer: the pointer is outdated.
        MOVED,
        /// Something else, and the stripe cannot give the right content.
        LOST
    }

    /// Takes the end of a probe.
    @FunctionalInterface
    public interface Handler {
        /// By block; `contents` are right where the block is [Found#GOOD] or [Found#HEALED].
        void ended(Found[] found, ByteBuffer[] contents);
    }

    private final RaidGroup group;
    private final RaidGeometry geometry;
    private final ScrubListener listener;
    private final int slot;
    private final long dbn;
    private final int[] crcs;
    private final CpId image;
    private final Handler done;
    private final Found[] found;
    private final ByteBuffer[] contents;

    PointerProbe(
            RaidGroup group,
            RaidGeometry geometry,
            ScrubListener listener,
            long vbn,
            int[] crcs,
            CpId image,
            Handler done) {
        this.group = group;
        this.geometry = geometry;
        this.listener = listener;
        this.slot = geometry.slotOf(vbn);
        this.dbn = geometry.dbnOf(vbn);
        this.crcs = crcs;
        this.image = image;
        this.done = done;
        this.found = new Found[crcs.length];
        this.contents = new ByteBuffer[crcs.length];
        Arrays.fill(found, Found.LOST);
    }

    void run() {
        ByteBuffer all = ByteBuffer.allocate(crcs.length * Blocks.SIZE);
        for (int i = 0; i < crcs.length; i++) {
            contents[i] = all.slice(i * Blocks.SIZE, Blocks.SIZE);
        }
        if (!group.disks().live(slot)) {
            next(0, false);
            return;
        }
        long at = group.disks().layout().dataStart() + dbn;
        group.disks().read(slot, at, List.of(all), fault -> next(0, fault == null));
    }

    // Wrong ones are rare: one after the other.
    private void next(int from, boolean read) {
        for (int i = from; i < crcs.length; i++) {
            if (!read || Crc32c.of(contents[i]) != crcs[i]) {
                lookClosely(i, read);
                return;
            }
            found[i] = Found.GOOD;
            group.disks().countGood(slot, 1);
        }
        done.ended(found, contents);
    }

    private void lookClosely(int index, boolean read) {
        long at = dbn + index;
        group.locks()
                .lock(
                        at,
                        1,
                        () -> group.checksums().pin(at, 1, fault -> pinned(index, read, fault)));
    }

    private void pinned(int index, boolean read, @Nullable IoFault fault) {
        if (fault != null) {
            group.locks().unlock(dbn + index, 1);
            next(index + 1, read);
            return;
        }
        ChecksumEntry entry = group.checksums().get(slot, dbn + index);
        if (isOutdated(entry, crcs[index])) {
            ended(index, read, Found.MOVED);
        } else if (group.disks().live(slot)) {
            // Once more: what was under way when it was read first is done now.
            group.reader().read(slot, dbn + index, 1, blocks -> again(index, read, blocks[0]));
        } else {
            recover(index, read, null);
        }
    }

    // Of a block that is free since then, no entry is left where its stripe was made a hole.
    private boolean isOutdated(@Nullable ChecksumEntry entry, int crc) {
        return entry == null
                ? group.holes().mayHaveTakenFrom(image)
                : entry.crc() != crc && entry.isNewerThan(image.epoch().counter(), image.count());
    }

    private void again(int index, boolean read, @Nullable ByteBuffer content) {
        if (content != null && Crc32c.of(content) == crcs[index]) {
            contents[index] = content;
            group.disks().countGood(slot, 1);
            ended(index, read, Found.GOOD);
            return;
        }
        group.reader().countBad(slot, dbn + index, content);
        recover(index, read, content);
    }

    private void recover(int index, boolean read, @Nullable ByteBuffer wrong) {
        ChecksumEntry entry = group.checksums().get(slot, dbn + index);
        boolean live = group.disks().live(slot);
        group.reader()
                .recover(
                        slot,
                        dbn + index,
                        crcs[index],
                        content -> {
                            if (content == null) {
                                tell(index, ScrubFinding.Kind.LOST, wrong, "no copy is left");
                                ended(index, read, Found.LOST);
                                return;
                            }
                            contents[index] = content;
                            stamp(index, entry);
                            if (live) {
                                boolean fits = entry != null && entry.crc() == crcs[index];
                                tell(
                                        index,
                                        fits ? ScrubFinding.Kind.DATA : ScrubFinding.Kind.POINTER,
                                        wrong,
                                        wrong == null ? "not readable" : "not what is pointed at");
                            }
                            ended(index, read, live ? Found.HEALED : Found.GOOD);
                        });
    }

    private void stamp(int index, @Nullable ChecksumEntry entry) {
        boolean fits = entry != null && entry.crc() == crcs[index];
        if (!fits && group.checksums().canStamp(slot, dbn + index)) {
            int epoch = entry == null ? 0 : entry.epochCounter();
            long count = entry == null ? 0 : entry.cpCount();
            group.checksums().put(slot, dbn + index, new ChecksumEntry(crcs[index], epoch, count));
        }
    }

    private void tell(
            int index, ScrubFinding.Kind kind, @Nullable ByteBuffer wrong, String detail) {
        listener.found(
                new ScrubFinding(
                        kind,
                        group.disks().index(),
                        slot,
                        dbn + index,
                        geometry.vbn(group.disks().index(), slot, dbn + index),
                        ScrubFinding.crc(crcs[index]),
                        wrong == null ? ScrubFinding.UNKNOWN : ScrubFinding.crc(Crc32c.of(wrong)),
                        detail));
    }

    private void ended(int index, boolean read, Found what) {
        found[index] = what;
        group.checksums().unpin(dbn + index, 1);
        group.locks().unlock(dbn + index, 1);
        next(index + 1, read);
    }
}
