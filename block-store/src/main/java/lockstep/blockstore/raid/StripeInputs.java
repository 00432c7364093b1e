package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What parity of some neighbouring stripes is made from besides the new content: how each is made,
/// and the old content that this takes, verified. A block that does not match its entry is worked
/// out from its stripe; one that is lost for good is taken as found, or not at all.
///
/// Whoever has it holds the stripes' lock and has pinned their checksum pages.
final class StripeInputs {
    // Blocks of one disk that are read on the way, rather than the next one with a request of its
    // own: a request costs a disk more than a few blocks, and most disks much more.
    private static final int READ_OVER = 8;

    // Of fewer stripes there may be many at once, in a degraded group: each has no more memory than
    // it needs.
    private static final int MEMORY_IS_KEPT_FROM = 16;

    private final RaidGroup group;
    private final long dbn;
    private final long[] written;
    private final int missing;
    private final StripePlan[] plans;
    private final @Nullable ByteBuffer[][] old;
    private final @Nullable ByteBuffer[] memory;
    private final List<Lacking> lacking = new ArrayList<>();

    private record Lacking(int slot, int stripe) {}

    /// For stripes from `dbn` on, in whose slots `written` (one set of bits for each stripe) new
    /// content comes; `missing` (or -1) is the disk that is away.
    StripeInputs(RaidGroup group, long dbn, long[] written, int missing) {
        this.group = group;
        this.dbn = dbn;
        this.written = written;
        this.missing = missing;
        this.plans = new StripePlan[written.length];
        this.old = new @Nullable ByteBuffer[group.slots()][written.length];
        this.memory = new @Nullable ByteBuffer[group.slots()];
        boolean taking = missing >= 0 && group.disks().live(missing);
        for (int i = 0; i < plans.length; i++) {
            long known = written[i] == 0 ? 0 : known(i);
            plans[i] = StripePlan.choose(paritySlot(), written[i], known, missing, taking);
        }
    }

    /// How parity of stripe `stripe` is made.
    StripePlan plan(int stripe) {
        return plans[stripe];
    }

    /// What stands in `slot` of stripe `stripe`, if it was read and found; valid until [#release].
    @Nullable ByteBuffer old(int slot, int stripe) {
        return old[slot][stripe];
    }

    /// Reads what the plans ask for; `done` comes inside the call or later.
    void read(Runnable done) {
        Together reads = new Together(_ -> recoverNext(0, done));
        for (int slot = 0; slot < group.slots(); slot++) {
            int end;
            for (int from = nextRead(slot, 0); from < plans.length; from = nextRead(slot, end)) {
                end = endOfRun(slot, from);
                readRun(slot, from, end - from, reads.one());
            }
        }
        reads.start();
    }

    /// Gives its memory back.
    void release() {
        for (int slot = 0; slot < memory.length; slot++) {
            ByteBuffer lent = memory[slot];
            if (lent != null && isKept()) {
                group.buffers().give(lent);
            }
            memory[slot] = null;
        }
    }

    private int paritySlot() {
        return group.disks().paritySlot();
    }

    // Slots that hold a block that was written before.
    private long known(int stripe) {
        long known = 0;
        for (int slot = 0; slot < group.slots(); slot++) {
            known |= group.checksums().get(slot, dbn + stripe) != null ? 1L << slot : 0;
        }
        return known;
    }

    private boolean isRead(int slot, int stripe) {
        return (plans[stripe].reads() & (1L << slot)) != 0;
    }

    private int nextRead(int slot, int from) {
        int next = from;
        while (next < plans.length && !isRead(slot, next)) {
            next++;
        }
        return next;
    }

    private int endOfRun(int slot, int from) {
        int end = from + 1;
        for (int i = end; i < plans.length && i <= end + READ_OVER; i++) {
            end = isRead(slot, i) ? i + 1 : end;
        }
        return end;
    }

    private void readRun(int slot, int from, int length, IoCompletion one) {
        group.traffic().readForParity(length);
        group.reader()
                .read(
                        slot,
                        dbn + from,
                        length,
                        memory(slot).slice(from * Blocks.SIZE, length * Blocks.SIZE),
                        found -> {
                            for (int i = 0; i < length; i++) {
                                if (isRead(slot, from + i)) {
                                    look(slot, from + i, found[i]);
                                }
                            }
                            one.ended(null);
                        });
    }

    private ByteBuffer memory(int slot) {
        ByteBuffer known = memory[slot];
        if (known != null) {
            return known;
        }
        ByteBuffer taken =
                isKept() ? group.buffers().take() : ByteBuffer.allocate(plans.length * Blocks.SIZE);
        memory[slot] = taken;
        return taken;
    }

    private boolean isKept() {
        return plans.length >= MEMORY_IS_KEPT_FROM;
    }

    private void look(int slot, int stripe, @Nullable ByteBuffer block) {
        old[slot][stripe] = block;
        if (group.reader().matches(slot, dbn + stripe, block)) {
            group.disks().countGood(slot, 1);
        } else {
            group.reader().countBad(slot, dbn + stripe, block);
            lacking.add(new Lacking(slot, stripe));
        }
    }

    // One after the other: this is rare.
    private void recoverNext(int index, Runnable done) {
        if (index == lacking.size()) {
            done.run();
            return;
        }
        Lacking bad = lacking.get(index);
        ChecksumEntry entry = group.checksums().get(bad.slot(), dbn + bad.stripe());
        group.reader()
                .recover(
                        bad.slot(),
                        dbn + bad.stripe(),
                        entry == null ? 0 : entry.crc(),
                        content -> {
                            if (content != null) {
                                old[bad.slot()][bad.stripe()] = content;
                                recoverNext(index + 1, done);
                            } else {
                                lose(bad, () -> recoverNext(index + 1, done));
                            }
                        });
    }

    // A block that cannot be had. What is overwritten, and parity, need not be known: the stripe is
    // made from its untouched blocks instead, those taken as they are.
    private void lose(Lacking bad, Runnable next) {
        int stripe = bad.stripe();
        StripePlan.Kind kind = plans[stripe].kind();
        if (kind == StripePlan.Kind.RECONSTRUCT || kind == StripePlan.Kind.FULL) {
            next.run();
            return;
        }
        StripePlan plan = StripePlan.reconstruct(paritySlot(), written[stripe], known(stripe));
        plans[stripe] = plan;
        Together reads = new Together(_ -> next.run());
        for (int slot = 0; slot < group.slots(); slot++) {
            boolean there = slot != missing && group.disks().live(slot);
            if (isRead(slot, stripe) && old[slot][stripe] == null && there) {
                int at = slot;
                IoCompletion one = reads.one();
                group.reader()
                        .read(
                                slot,
                                dbn + stripe,
                                1,
                                found -> {
                                    old[at][stripe] = found[0];
                                    one.ended(null);
                                });
            }
        }
        reads.start();
    }
}
