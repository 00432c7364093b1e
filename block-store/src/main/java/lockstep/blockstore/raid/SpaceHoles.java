package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongConsumer;

/// Giving the space of stripes that nothing uses back to what lends it to the disks: which stripes
/// still hold some, and offering them to the next consistency point, which makes the holes
/// ([HolePunch]).
public final class SpaceHoles {
    private final List<RaidGroup> groups;

    SpaceHoles(List<RaidGroup> groups) {
        this.groups = groups;
    }

    /// Whether the disks of `group` are all there and give space back.
    public boolean isPossible(int group) {
        return HolePunch.isPossible(groups.get(group).disks());
    }

    /// Tells how many bytes of what lends space to them the disks hold; -1 if nobody knows.
    public void held(LongConsumer told) {
        long[] sum = new long[1];
        Together together = new Together(_ -> told.accept(sum[0]));
        for (RaidGroup group : groups) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disks().disk(slot);
                if (disk != null && disk.live()) {
                    IoCompletion one = together.one();
                    disk.device()
                            .held(
                                    held -> {
                                        boolean known = held >= 0 && sum[0] >= 0;
                                        sum[0] = known ? sum[0] + held : -1;
                                        one.ended(null);
                                    });
                }
            }
        }
        together.start();
    }

    /// Bytes that the disks hold if they hold what `blocks` used blocks need and no more.
    public long needed(long blocks) {
        long own = 0;
        long data = 0;
        long all = 0;
        for (RaidGroup group : groups) {
            own += group.slots() * Blocks.toBytes(group.disks().layout().dataStart());
            data += group.slots() - 1L;
            all += group.slots();
        }
        return own + Blocks.toBytes(blocks) / data * all;
    }

    /// Finds among `free` stripes of `group`, in pieces of `unit`, those that still hold space.
    public void search(
            int group, List<StripeRange> free, int unit, Consumer<List<StripeRange>> done) {
        new Search(groups.get(group), free, unit, done).next();
    }

    /// Offers stripes of `group` of which `image`, the committed one, uses no block to the next
    /// consistency point.
    public void offer(int group, CpId image, List<StripeRange> ranges) {
        groups.get(group).holes().offer(image, ranges);
    }

    /// Takes every offer back.
    public void withdraw() {
        groups.forEach(group -> group.holes().withdraw());
    }

    /// Bytes given back since the space was opened, of all disks together.
    public long punchedBytes() {
        long blocks = 0;
        for (RaidGroup group : groups) {
            blocks += group.holes().punched() * group.slots();
        }
        return Blocks.toBytes(blocks);
    }

    /// One look at the entries of some stripes. Only a hint: what counts is found out under the
    /// stripes' locks.
    private static final class Search {
        private final RaidGroup group;
        private final List<StripeRange> pieces = new ArrayList<>();
        private final Consumer<List<StripeRange>> done;
        private final List<StripeRange> found = new ArrayList<>();
        private int at;

        Search(
                RaidGroup group,
                List<StripeRange> free,
                int unit,
                Consumer<List<StripeRange>> done) {
            this.group = group;
            this.done = done;
            for (StripeRange range : free) {
                for (int from = 0; from < range.count(); from += unit) {
                    int count = Math.min(unit, range.count() - from);
                    pieces.add(new StripeRange(range.dbn() + from, count));
                }
            }
        }

        void next() {
            if (at == pieces.size()) {
                done.accept(found);
                return;
            }
            StripeRange piece = pieces.get(at++);
            group.checksums()
                    .pin(
                            piece.dbn(),
                            piece.count(),
                            fault -> {
                                // Pages that cannot be read are for a scrub to tell.
                                if (fault == null) {
                                    if (holdsSpace(piece)) {
                                        add(piece);
                                    }
                                    group.checksums().unpin(piece.dbn(), piece.count());
                                }
                                group.disks().loop().execute(this::next);
                            });
        }

        private boolean holdsSpace(StripeRange piece) {
            for (int slot = 0; slot < group.slots(); slot++) {
                for (long dbn = piece.dbn(); dbn < piece.dbn() + piece.count(); dbn++) {
                    if (group.checksums().get(slot, dbn) != null) {
                        return true;
                    }
                }
            }
            return false;
        }

        private void add(StripeRange piece) {
            StripeRange last = found.isEmpty() ? null : found.getLast();
            if (last != null && last.dbn() + last.count() == piece.dbn()) {
                found.removeLast();
                found.add(new StripeRange(last.dbn(), last.count() + piece.count()));
            } else {
                found.add(piece);
            }
        }
    }
}
