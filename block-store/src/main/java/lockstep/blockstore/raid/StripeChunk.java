package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;

/// Up to [#MAXIMUM] neighbouring stripes that are rewritten together; others between them are
/// locked with them and stay as they are. First [#prepare]: take the lock, read what the plans ask
/// for, verify it, make parity. Then, when the dirty note is durable, [#write]. Parity is never
/// computed from a block that does not match its entry, except where that block is lost for good:
/// it is then taken as found (zeros if not readable), which keeps the stripe in order and leaves
/// the loss detectable by its entry. Nor is it of new content that is not what its checksum says.
final class StripeChunk {
    /// Stripes of one chunk: XOR of them stays within one slice of the loop.
    static final int MAXIMUM = 64;

    /// The order in which chunks are cut.
    static final Comparator<Put> BY_STRIPE =
            Comparator.comparingLong(Put::dbn).thenComparingInt(Put::slot);

    private final RaidGroup group;
    private final CpId cp;
    private final List<Put> blocks;
    private final long dbn;
    private final int count;
    private final @Nullable Put[][] puts;
    private final @Nullable ByteBuffer[] parity;
    private final int[] parityCrcs;
    private final TreeMap<Long, ByteBuffer> rescued = new TreeMap<>();
    private int missing = -1;
    private @Nullable ByteBuffer sums;
    private @Nullable StripeInputs inputs;

    /// New content for one block; the content is lent until the chunk is written.
    record Put(int slot, long dbn, ByteBuffer content, int crc) {}

    StripeChunk(RaidGroup group, CpId cp, List<Put> blocks) {
        this.group = group;
        this.cp = cp;
        this.blocks = blocks;
        this.dbn = blocks.getFirst().dbn();
        this.count = (int) (blocks.getLast().dbn() - dbn) + 1;
        this.puts = new @Nullable Put[group.slots()][count];
        this.parity = new @Nullable ByteBuffer[count];
        this.parityCrcs = new int[count];
        for (Put put : blocks) {
            puts[put.slot()][(int) (put.dbn() - dbn)] = put;
        }
    }

    /// What is written.
    List<Put> blocks() {
        return blocks;
    }

    /// Its first stripe.
    long dbn() {
        return dbn;
    }

    /// Blocks of the missing disk that have to be saved before [#write].
    Map<Long, ByteBuffer> rescued() {
        return rescued;
    }

    /// Whether it was prepared for a whole stripe, and a data disk is away by now whose untouched
    /// blocks a crash would cost.
    boolean isOvertaken() {
        int now = missingNow();
        return missing != now && now >= 0 && now != parity();
    }

    private int parity() {
        return group.disks().paritySlot();
    }

    // For the chunk as a whole: what is missing in its last stripe counts as missing in all.
    private int missingNow() {
        return group.disks().missingAt(dbn + count - 1);
    }

    /// Makes everything ready; from here until the end of [#write] the stripes are locked.
    void prepare(IoCompletion done) {
        group.locks()
                .lock(
                        dbn,
                        count,
                        () ->
                                group.checksums()
                                        .pin(
                                                dbn,
                                                count,
                                                fault -> {
                                                    if (fault != null) {
                                                        group.locks().unlock(dbn, count);
                                                        done.ended(fault);
                                                    } else {
                                                        readInputs(done);
                                                    }
                                                }));
    }

    private void readInputs(IoCompletion done) {
        long[] written = new long[count];
        for (Put put : blocks) {
            written[(int) (put.dbn() - dbn)] |= 1L << put.slot();
        }
        missing = missingNow();
        StripeInputs from = new StripeInputs(group, dbn, written, missing);
        inputs = from;
        from.read(
                () -> {
                    makeParity(from);
                    done.ended(null);
                });
    }

    // Stripe by stripe: what was compared is still in the processor's caches when it is added up,
    // and the sum when its checksum is made.
    private void makeParity(StripeInputs from) {
        for (int i = 0; i < count; i++) {
            compareContents(i);
            ByteBuffer made = parity(from, i);
            parity[i] = made;
            parityCrcs[i] = made == null ? 0 : Crc32c.of(made, 0, Blocks.SIZE);
        }
    }

    // Content that is not what its checksum says was spoiled in memory: nothing is made of it, and
    // the node stops. What was acknowledged is in the log.
    private void compareContents(int stripe) {
        for (@Nullable Put[] ofSlot : puts) {
            Put put = ofSlot[stripe];
            if (put != null) {
                ByteBuffer content = put.content();
                boolean right = Crc32c.of(content, content.position(), Blocks.SIZE) == put.crc();
                Check.that(right, "what is written is what came", put.slot(), put.dbn());
            }
        }
    }

    private @Nullable ByteBuffer parity(StripeInputs from, int stripe) {
        StripePlan plan = from.plan(stripe);
        return switch (plan.kind()) {
            case UNTOUCHED, DATA_ONLY -> null;
            case FULL, RECONSTRUCT -> sum(from, stripe, plan.reads(), false);
            case READ_MODIFY_WRITE -> sum(from, stripe, plan.reads(), true);
            case RESCUE -> rescue(from, stripe, plan);
        };
    }

    private ByteBuffer sums() {
        ByteBuffer taken = sums == null ? group.buffers().take() : sums;
        sums = taken;
        return taken;
    }

    // XOR of the new blocks and of the old ones in `reads`.
    private ByteBuffer sum(StripeInputs from, int stripe, long reads, boolean withOverwritten) {
        ByteBuffer sum = Parity.cleared(sums(), stripe);
        for (int slot = 0; slot < group.slots(); slot++) {
            Put put = puts[slot][stripe];
            if (put != null) {
                Parity.add(sum, put.content());
            }
            ByteBuffer before = from.old(slot, stripe);
            boolean wanted = (reads & (1L << slot)) != 0 && (put == null || withOverwritten);
            if (wanted && before != null) {
                Parity.add(sum, before);
            }
        }
        return sum;
    }

    private ByteBuffer rescue(StripeInputs from, int stripe, StripePlan plan) {
        ByteBuffer content = Parity.zeros();
        for (int slot = 0; slot < group.slots(); slot++) {
            ByteBuffer before = from.old(slot, stripe);
            if ((plan.reads() & (1L << slot)) != 0 && before != null) {
                Parity.add(content, before);
            }
        }
        long untouched = plan.reads() & ~(1L << parity());
        ByteBuffer sum = sum(from, stripe, untouched, false);
        if (missing >= 0 && group.reader().matches(missing, dbn + stripe, content)) {
            rescued.put(dbn + stripe, content);
            Parity.add(sum, content);
        } else {
            group.disks().events().lostBlock(group.disks().index(), missing, dbn + stripe);
        }
        return sum;
    }

    /// Writes data and parity, with one request for each disk, and updates the entries.
    void write(IoCompletion done) {
        int made = (int) Arrays.stream(parity).filter(Objects::nonNull).count();
        group.traffic().wrote(blocks.size(), made);
        Together writes = new Together(fault -> written(fault, done));
        for (int slot = 0; slot < group.slots(); slot++) {
            int of = slot;
            long first = group.disks().layout().dataStart() + dbn;
            List<Extent> runs = BlockRuns.of(first, count, stripe -> content(of, stripe));
            if (!runs.isEmpty()) {
                group.disks().write(slot, runs, writes.one());
            }
        }
        writes.start();
    }

    private @Nullable ByteBuffer content(int slot, int stripe) {
        if (slot == parity()) {
            ByteBuffer made = parity[stripe];
            return made == null ? null : made.duplicate();
        }
        Put put = puts[slot][stripe];
        return put == null ? null : put.content().duplicate();
    }

    private void written(@Nullable IoFault fault, IoCompletion done) {
        if (fault == null) {
            for (int i = 0; i < count; i++) {
                enter(i);
            }
        }
        release();
        done.ended(fault);
    }

    private void enter(int stripe) {
        for (int slot = 0; slot < group.slots(); slot++) {
            Put put = puts[slot][stripe];
            if (put != null) {
                ChecksumEntry entry = ChecksumEntry.of(put.crc(), cp);
                group.checksums().put(slot, dbn + stripe, entry);
            }
        }
        if (parity[stripe] != null) {
            ChecksumEntry entry = ChecksumEntry.of(parityCrcs[stripe], cp);
            group.checksums().put(parity(), dbn + stripe, entry);
        }
    }

    /// Gives the stripes up without writing them.
    void release() {
        if (sums != null) {
            group.buffers().give(sums);
            sums = null;
        }
        if (inputs != null) {
            inputs.release();
            inputs = null;
        }
        group.checksums().unpin(dbn, count);
        group.locks().unlock(dbn, count);
    }
}
