package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// Makes the stripes right that a consistency point had begun to change and did not commit. Of each
/// noted stripe, the noted blocks are free in the committed image: they are taken as found and
/// stamped anew. The others must match their entries, and are healed if the old parity still allows
/// it. Of a missing disk, the rescued content counts; failing that, what the stripe gives if that
/// matches the entry. Parity is made of all of them. A disk that is rebuilt gives what matches its
/// entry, and is missing otherwise.
///
/// Every noted block and its parity get a new entry, **also where the old one fits**, so that every
/// checksum page that the consistency point touched is written anew at both its places. Why: a page
/// is written to its own disk and to the neighbour at once, and a crash may let only one of the two
/// through. What is read then is the newer one, and it fits all that is on the disks: nothing looks
/// wrong. But the other place still holds the older page. If recovery left it so and the disk with
/// the newer page was lost later, the older one would be taken for the truth: blocks written by
/// that consistency point, and parity with them, would fail their entries although they are right,
/// and could not serve to work out the lost disk's blocks. One crash and, much later, one lost disk
/// must not add up to lost data. Loading copies the newer page over, but only when it is the
/// sequence that differs; two writes of one page between two flushes share a sequence. So: always
/// both.
///
/// Doing it again gives the same, so a crash in it is harmless: the note goes last.
final class GroupRecovery {
    private final RaidGroup group;
    private final CpId committed;
    private final TreeMap<Long, Long> stripes = new TreeMap<>();
    private TreeMap<Long, ByteBuffer> rescued = new TreeMap<>();
    private CpId cp = CpId.NONE;
    private IoCompletion done = _ -> {};

    GroupRecovery(RaidGroup group, CpId committed) {
        this.group = group;
        this.committed = committed;
    }

    void run(IoCompletion whenDone) {
        done = whenDone;
        // A killed process leaves writes that no flush has covered; from here on they are.
        group.flush(
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        group.notes().readNewest(this::judge);
                    }
                });
    }

    private void judge(@Nullable DirtyNote note, @Nullable PartialParity saved) {
        if (note == null || note.cp().compareTo(committed) <= 0 || note.ranges().isEmpty()) {
            done.ended(null);
            return;
        }
        cp = note.cp();
        rescued = saved == null ? rescued : saved.blocks();
        for (DirtyNote.BlockRange range : note.ranges()) {
            for (long dbn = range.dbn(); dbn < range.dbn() + range.blocks(); dbn++) {
                stripes.merge(dbn, 1L << range.slot(), (a, b) -> a | b);
            }
        }
        next();
    }

    private void next() {
        if (stripes.isEmpty()) {
            finish();
            return;
        }
        TreeMap<Long, Long> run = new TreeMap<>();
        long dbn = stripes.firstKey();
        while (run.size() < StripeChunk.MAXIMUM && stripes.containsKey(dbn)) {
            Map.Entry<Long, Long> first = stripes.pollFirstEntry();
            run.put(first.getKey(), first.getValue());
            dbn++;
        }
        new Run(run.firstKey(), run).start();
    }

    private void finish() {
        group.checksums()
                .writes()
                .writeDirty(
                        fault -> {
                            if (fault != null) {
                                done.ended(fault);
                            } else {
                                group.flush(this::clearNote);
                            }
                        });
    }

    private void clearNote(@Nullable IoFault fault) {
        if (fault != null) {
            done.ended(fault);
        } else {
            group.notes().clear(cp, done);
        }
    }

    /// Consecutive stripes: read with one request for each disk, judged, written likewise.
    private final class Run {
        private final Map<Long, Long> noted;
        private final long dbn;
        private final int count;
        private final @Nullable ByteBuffer[][] found;
        private final @Nullable ByteBuffer[][] writes;

        Run(long dbn, Map<Long, Long> noted) {
            this.noted = noted;
            this.dbn = dbn;
            this.count = noted.size();
            this.found = new @Nullable ByteBuffer[group.slots()][count];
            this.writes = new @Nullable ByteBuffer[group.slots()][count];
        }

        void start() {
            group.locks().lock(dbn, count, () -> group.checksums().pin(dbn, count, this::readAll));
        }

        private void readAll(@Nullable IoFault fault) {
            if (fault != null) {
                group.locks().unlock(dbn, count);
                done.ended(fault);
                return;
            }
            Together reads = new Together(_ -> judgeAll());
            for (int slot = 0; slot < group.slots(); slot++) {
                if (group.disks().live(slot)) {
                    int at = slot;
                    IoCompletion one = reads.one();
                    group.reader()
                            .read(
                                    slot,
                                    dbn,
                                    count,
                                    blocks -> {
                                        found[at] = blocks;
                                        one.ended(null);
                                    });
                }
            }
            reads.start();
        }

        private void judgeAll() {
            for (int i = 0; i < count; i++) {
                judgeStripe(i, noted.getOrDefault(dbn + i, 0L));
            }
            Together written = new Together(this::ended);
            for (int slot = 0; slot < group.slots(); slot++) {
                @Nullable ByteBuffer[] ofSlot = writes[slot];
                long first = group.disks().layout().dataStart() + dbn;
                List<Extent> runs = BlockRuns.of(first, count, i -> ofSlot[i]);
                if (!runs.isEmpty()) {
                    group.disks().write(slot, runs, written.one());
                }
            }
            written.start();
        }

        private void judgeStripe(int stripe, long mask) {
            int paritySlot = group.disks().paritySlot();
            ByteBuffer parity = Parity.zeros();
            forgetStale(stripe, mask);
            for (int slot = 0; slot < group.slots(); slot++) {
                if (slot == paritySlot) {
                    continue;
                }
                boolean free = (mask & (1L << slot)) != 0;
                ByteBuffer content = free ? asFound(slot, stripe) : kept(slot, stripe);
                Parity.add(parity, content);
                if (free) {
                    stamp(slot, stripe, content);
                }
            }
            if (group.disks().live(paritySlot)) {
                writes[paritySlot][stripe] = parity;
                stamp(paritySlot, stripe, parity);
            }
        }

        // What stands on a disk that is not rebuilt yet may be of any time.
        private void forgetStale(int stripe, long mask) {
            int slot = group.disks().rebuildingSlot();
            boolean kept = slot >= 0 && (mask & (1L << slot)) == 0;
            if (kept && !group.disks().readable(slot, dbn + stripe)) {
                ByteBuffer content = found[slot][stripe];
                boolean matches = group.reader().matches(slot, dbn + stripe, content);
                ByteBuffer saved = rescued.get(dbn + stripe);
                boolean rescues = group.reader().matches(slot, dbn + stripe, saved);
                found[slot][stripe] = matches ? content : rescues ? saved : null;
            }
        }

        private void stamp(int slot, int stripe, ByteBuffer content) {
            int crc = Crc32c.of(content, 0, Blocks.SIZE);
            group.checksums().put(slot, dbn + stripe, ChecksumEntry.of(crc, cp));
        }

        private ByteBuffer asFound(int slot, int stripe) {
            ByteBuffer content = found[slot][stripe];
            if (content != null) {
                return content;
            }
            // Nobody needs it: zeros, written where the disk is there but could not read.
            ByteBuffer zeros = Parity.zeros();
            if (group.disks().live(slot)) {
                writes[slot][stripe] = zeros;
            }
            return zeros;
        }

        private ByteBuffer kept(int slot, int stripe) {
            ChecksumEntry entry = group.checksums().get(slot, dbn + stripe);
            ByteBuffer content = found[slot][stripe];
            if (entry == null) {
                return Parity.zeros();
            }
            if (content != null && Crc32c.of(content) == entry.crc()) {
                return content;
            }
            ByteBuffer other = rescued.get(dbn + stripe);
            if (other == null || Crc32c.of(other) != entry.crc()) {
                other = fromStripe(slot, stripe);
            }
            if (Crc32c.of(other) == entry.crc()) {
                if (group.disks().live(slot)) {
                    writes[slot][stripe] = other;
                }
                if (group.disks().readable(slot, dbn + stripe)) {
                    group.reader().countBad(slot, dbn + stripe, content);
                    group.disks().events().healed(group.disks().index(), slot, dbn + stripe);
                }
                return other;
            }
            group.disks().events().lostBlock(group.disks().index(), slot, dbn + stripe);
            return content == null ? Parity.zeros() : content;
        }

        // What was never written counts as zeros, whatever a stray write has left there.
        private boolean isUsed(int slot, int stripe) {
            boolean free = (noted.getOrDefault(dbn + stripe, 0L) & (1L << slot)) != 0;
            return free || group.checksums().get(slot, dbn + stripe) != null;
        }

        // What the stripe gives as it stands; the caller checks whether that is right.
        private ByteBuffer fromStripe(int slot, int stripe) {
            ByteBuffer sum = Parity.zeros();
            for (int other = 0; other < group.slots(); other++) {
                ByteBuffer content = found[other][stripe];
                boolean counts = other == group.disks().paritySlot() || isUsed(other, stripe);
                if (other != slot && content != null && counts) {
                    Parity.add(sum, content);
                }
            }
            return sum;
        }

        private void ended(@Nullable IoFault fault) {
            group.checksums().unpin(dbn, count);
            group.locks().unlock(dbn, count);
            if (fault != null) {
                done.ended(fault);
            } else {
                next();
            }
        }
    }
}
