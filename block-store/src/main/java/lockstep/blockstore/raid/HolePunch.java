package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.util.ArrayDeque;
import java.util.List;
import java.util.TreeMap;

/// Makes holes of stripes that nothing uses: their space goes back to what lends it to the disks,
/// and their blocks, parity too, count as never written.
///
/// It is a part of writing a consistency point, between the last write and the flush, and as safe
/// as any other write of it, because what it does to a stripe is what a write does: the stripes are
/// noted durably first, all their data blocks as free in the committed image, which they are; they
/// are locked while they change; entries go with the pages that this consistency point writes
/// anyway, and are durable by its flush. A crash on the way leaves noted stripes, of which recovery
/// takes each block as it is found, old content or zeros, and makes entries and parity of that.
///
/// Holes are worth nothing that a consistency point would wait for, or a disk would leave for:
/// where there is no space below to make one, the disk keeps what it has. The entries go all the
/// same, as the other disks may have no content for them any more, and without an entry a block
/// counts as zeros, whatever stands there. The rest waits for another time.
///
/// Nothing is put while holes are made, and afterwards a put finds a stripe in order that holds
/// nothing. The last look is here, under the lock: a stripe with an entry of this consistency
/// point, or of a later one than the image in which it was found free, stays as it is.
final class HolePunch {
    /// Stripes under one lock: clearing their entries takes well under a millisecond.
    private static final int AT_ONCE = 256;

    private final RaidGroup group;
    private final CpId cp;
    private final CpId image;
    private final ArrayDeque<StripeRange> left = new ArrayDeque<>();
    private final IoCompletion done;

    /// Works off what is offered for `group`; `done` comes when it is written, not yet flushed.
    HolePunch(RaidGroup group, CpId cp, IoCompletion done) {
        this.group = group;
        this.cp = cp;
        this.image = group.holes().image();
        this.done = done;
    }

    /// Whether all members of a group are there and whole, and give space back.
    static boolean isPossible(GroupDisks disks) {
        for (int slot = 0; slot < disks.slots(); slot++) {
            Disk disk = disks.disk(slot);
            if (disk == null || !disk.live() || !disk.device().takesHoles()) {
                return false;
            }
        }
        return disks.rebuildingSlot() < 0 && disks.lost() == null;
    }

    void run() {
        List<StripeRange> offered = group.holes().take();
        NotedRanges noted = new NotedRanges(group.slots());
        int parity = group.disks().paritySlot();
        for (StripeRange range : offered) {
            if (noted.size() + group.slots() - 1 <= group.notes().room()) {
                left.add(range);
                for (int slot = 0; slot < group.slots(); slot++) {
                    if (slot != parity) {
                        noted.add(slot, range.dbn(), range.count());
                    }
                }
            }
        }
        // A note of ours would be the newest and say nothing of what was rescued with another.
        if (left.isEmpty() || group.notes().holdsRescued() || !isPossible(group.disks())) {
            done.ended(null);
            return;
        }
        group.notes().write(cp, noted.all(), new TreeMap<>(), this::next);
    }

    private void next(@Nullable IoFault fault) {
        StripeRange range = left.poll();
        // A disk that left meanwhile is rebuilt from entries: what is a hole already is a hole.
        if (fault != null || range == null || !isPossible(group.disks())) {
            group.checksums()
                    .writes()
                    .writeDirty(ended -> done.ended(fault == null ? ended : fault));
            return;
        }
        int now = Math.min(AT_ONCE, range.count());
        if (now < range.count()) {
            left.addFirst(new StripeRange(range.dbn() + now, range.count() - now));
        }
        new Some(range.dbn(), now).start();
    }

    /// Some consecutive stripes.
    private final class Some {
        private final long dbn;
        private final int count;

        Some(long dbn, int count) {
            this.dbn = dbn;
            this.count = count;
        }

        void start() {
            group.locks().lock(dbn, count, () -> group.checksums().pin(dbn, count, this::pinned));
        }

        private void pinned(@Nullable IoFault fault) {
            if (fault != null) {
                // Pages that cannot be read are for a scrub to tell; the stripes stay as they are.
                group.locks().unlock(dbn, count);
                group.disks().loop().execute(() -> next(group.disks().lost()));
            } else if (isUsed()) {
                ended(null);
            } else {
                punch();
            }
        }

        private boolean isUsed() {
            for (int slot = 0; slot < group.slots(); slot++) {
                for (long at = dbn; at < dbn + count; at++) {
                    ChecksumEntry entry = group.checksums().get(slot, at);
                    if (entry != null && isLater(entry)) {
                        return true;
                    }
                }
            }
            return false;
        }

        private boolean isLater(ChecksumEntry entry) {
            boolean ours =
                    entry.epochCounter() == cp.epoch().counter() && entry.cpCount() == cp.count();
            return ours || entry.isNewerThan(image.epoch().counter(), image.count());
        }

        private void punch() {
            Together punched = new Together(this::punched);
            long from = group.disks().layout().dataStart() + dbn;
            for (int slot = 0; slot < group.slots(); slot++) {
                group.disks().punch(slot, from, count, punched.one());
            }
            punched.start();
        }

        private void punched(@Nullable IoFault fault) {
            IoFault lost = group.disks().lost();
            if (fault != null) {
                left.clear();
            }
            if (lost == null) {
                for (int slot = 0; slot < group.slots(); slot++) {
                    for (long at = dbn; at < dbn + count; at++) {
                        group.checksums().clear(slot, at);
                    }
                }
                group.holes().made(image, fault == null ? count : 0);
            }
            ended(lost);
        }

        private void ended(@Nullable IoFault fault) {
            group.checksums().unpin(dbn, count);
            group.locks().unlock(dbn, count);
            group.disks().loop().execute(() -> next(fault));
        }
    }
}
