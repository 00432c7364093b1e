package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Consecutive stripes of which one disk's blocks are made anew and written to the disk that is in
/// its place, under the stripes' lock. Of a data disk: every block that was ever written, from
/// blocks that match their entries, and only if the result matches its own. Of the parity disk: the
/// parity of the data, with a new entry, as the old one may be from before the disk left.
///
/// A block that is found on the disk is no reason to skip it, though it matches its entry: of the
/// hundreds of millions of old blocks on a disk that comes back, one may do so by chance.
///
/// What cannot be had is counted and told. Its stripe is left in order all the same: the block is
/// written as the others, taken as found, give it, and its entry says that it is wrong.
final class RebuildRun {
    /// Stripes of one run at most.
    static final int MAXIMUM = StripeChunk.MAXIMUM;

    // Two pages, each at two places.
    private static final int PAGE_WRITES = 4;

    /// Takes the end: blocks written, blocks that are lost, and why it could not be done.
    interface Ended {
        void ended(int written, int lost, @Nullable IoFault fault);
    }

    private record Bad(int slot, int stripe) {}

    private final RaidGroup group;
    private final int slot;
    private final long dbn;
    private final int count;
    private final OwnRequests requests;
    private final Ended done;
    private final @Nullable ByteBuffer[][] found;
    private final boolean[] wanted;
    private final List<ByteBuffer> buffers = new ArrayList<>();
    private ByteBuffer sums = ByteBuffer.allocate(0);
    private final ArrayDeque<Bad> bad = new ArrayDeque<>();
    private int written;
    private int lost;

    RebuildRun(RaidGroup group, int slot, StripeRange stripes, OwnRequests requests, Ended done) {
        this.group = group;
        this.slot = slot;
        this.dbn = stripes.dbn();
        this.count = stripes.count();
        this.requests = requests;
        this.done = done;
        this.found = new @Nullable ByteBuffer[group.slots()][count];
        this.wanted = new boolean[count];
    }

    /// Where the run that begins at `dbn` ends: with its checksum page at the latest.
    static int lengthAt(long dbn, long dbnCount) {
        long pageEnd = (dbn / DiskLayout.ENTRIES_PER_PAGE + 1) * DiskLayout.ENTRIES_PER_PAGE;
        return (int) Math.min(MAXIMUM, Math.min(pageEnd, dbnCount) - dbn);
    }

    void start() {
        group.locks().lock(dbn, count, () -> group.checksums().pin(dbn, count, this::readAll));
    }

    private boolean isParity() {
        return slot == group.disks().paritySlot();
    }

    private @Nullable ChecksumEntry entry(int of, int stripe) {
        return group.checksums().get(of, dbn + stripe);
    }

    private void readAll(@Nullable IoFault fault) {
        if (fault != null) {
            group.checksums()
                    .spoil(
                            slot,
                            dbn,
                            _ -> {
                                group.locks().unlock(dbn, count);
                                done.ended(0, 0, fault);
                            });
            return;
        }
        for (int i = 0; i < count; i++) {
            wanted[i] = isWanted(i);
        }
        Together reads = new Together(_ -> judgeAll());
        for (int other = 0; other < group.slots(); other++) {
            if (other != slot && group.disks().live(other)) {
                readNeeded(other, reads);
            }
        }
        reads.start();
    }

    private boolean isWanted(int stripe) {
        if (!isParity()) {
            return entry(slot, stripe) != null;
        }
        for (int other = 0; other < group.slots(); other++) {
            if (other != slot && entry(other, stripe) != null) {
                return true;
            }
        }
        return false;
    }

    private void readNeeded(int other, Together reads) {
        int first = -1;
        int last = -1;
        for (int i = 0; i < count; i++) {
            if (wanted[i] && entry(other, i) != null) {
                first = first < 0 ? i : first;
                last = i;
            }
        }
        if (first < 0) {
            return;
        }
        int from = first;
        var one = requests.counted(reads.one());
        group.reader()
                .read(
                        other,
                        dbn + from,
                        last - from + 1,
                        take(),
                        blocks -> {
                            System.arraycopy(blocks, 0, found[other], from, blocks.length);
                            one.ended(null);
                        });
    }

    private ByteBuffer take() {
        ByteBuffer taken = group.buffers().take();
        buffers.add(taken);
        return taken;
    }

    private void judgeAll() {
        sums = take();
        for (int i = 0; i < count; i++) {
            if (wanted[i]) {
                judge(i);
            }
        }
        healNext();
    }

    private void judge(int stripe) {
        boolean whole = true;
        for (int other = 0; other < group.slots(); other++) {
            boolean source = other != slot && entry(other, stripe) != null;
            if (source && !group.reader().matches(other, dbn + stripe, found[other][stripe])) {
                whole = false;
                if (isParity()) {
                    group.reader().countBad(other, dbn + stripe, found[other][stripe]);
                    bad.add(new Bad(other, stripe));
                }
            }
        }
        if (isParity()) {
            // Its blocks are summed up when they are all as right as they get.
            return;
        }
        ByteBuffer sum = sum(stripe);
        found[slot][stripe] = sum;
        ChecksumEntry own = entry(slot, stripe);
        if (!whole || own == null || Crc32c.of(sum) != own.crc()) {
            bad.add(new Bad(slot, stripe));
        }
    }

    // Of what is known of the others.
    private ByteBuffer sum(int stripe) {
        ByteBuffer sum = Parity.cleared(sums, stripe);
        for (int other = 0; other < group.slots(); other++) {
            ByteBuffer content = found[other][stripe];
            if (other != slot && content != null && entry(other, stripe) != null) {
                Parity.add(sum, content);
            }
        }
        return sum;
    }

    // One after the other: this is rare.
    private void healNext() {
        Bad next = bad.poll();
        if (next == null) {
            writeAll();
            return;
        }
        ChecksumEntry entry = entry(next.slot(), next.stripe());
        group.reader()
                .recover(
                        next.slot(),
                        dbn + next.stripe(),
                        entry == null ? 0 : entry.crc(),
                        content -> {
                            if (content == null) {
                                lost++;
                            } else {
                                found[next.slot()][next.stripe()] = content;
                            }
                            healNext();
                        });
    }

    private void writeAll() {
        Together writes = new Together(this::writePages);
        long first = group.disks().layout().dataStart() + dbn;
        List<Extent> runs = BlockRuns.of(first, count, i -> wanted[i] ? content(i) : null);
        if (!runs.isEmpty()) {
            group.disks().write(slot, runs, requests.counted(writes.one()));
        }
        written += runs.stream().mapToInt(run -> run.buffers().size()).sum();
        writes.start();
    }

    private @Nullable ByteBuffer content(int stripe) {
        if (!isParity()) {
            return found[slot][stripe];
        }
        ByteBuffer parity = sum(stripe);
        int crc = Crc32c.of(parity, 0, Blocks.SIZE);
        group.checksums().put(slot, dbn + stripe, ChecksumEntry.of(crc, newestCp(stripe)));
        return parity;
    }

    private CpId newestCp(int stripe) {
        CpId newest = CpId.NONE;
        for (int other = 0; other < group.slots(); other++) {
            ChecksumEntry entry = other == slot ? null : entry(other, stripe);
            if (entry != null) {
                CpId cp = new CpId(new Epoch(entry.epochCounter(), 0), entry.cpCount());
                newest = cp.compareTo(newest) > 0 ? cp : newest;
            }
        }
        return newest;
    }

    // New entries of parity count with their stripes. With the last stripes of a page, the page
    // itself, and those of the disk that has its second place on this one.
    private void writePages(@Nullable IoFault fault) {
        boolean pageEnds =
                (dbn + count) % DiskLayout.ENTRIES_PER_PAGE == 0
                        || dbn + count == group.disks().layout().dbnCount();
        if (fault != null || !(pageEnds || isParity())) {
            ended(fault);
            return;
        }
        if (pageEnds) {
            int before = group.disks().ring().before(slot);
            group.checksums().renew(slot, dbn);
            group.checksums().renew(before, dbn);
        }
        IoCompletion pages = this::ended;
        for (int i = 0; i < PAGE_WRITES; i++) {
            pages = requests.counted(pages);
        }
        group.checksums().writes().writeDirty(pages);
    }

    private void ended(@Nullable IoFault fault) {
        buffers.forEach(group.buffers()::give);
        buffers.clear();
        group.checksums().unpin(dbn, count);
        group.locks().unlock(dbn, count);
        done.ended(written, lost, fault);
    }
}
