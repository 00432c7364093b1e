package lockstep.blockstore.raid;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// What a scrub makes of one stripe: the pure decision. `found` is by slot, null where the disk did
/// not give a block; `entries` says what each must contain, null where nothing was ever written and
/// so zeros belong.
///
/// In a whole group, or one whose missing disk was never written here:
///
/// | wrong blocks          | verdict                                                         |
/// |-----------------------|-----------------------------------------------------------------|
/// | none, the sum is zero | right                                                           |
/// | none, the sum is not  | parity error: parity anew                                       |
/// | one of the data       | healed if the sum of the others is what its entry asks for; an  |
/// |                       | entry error if it is that sum; else lost                        |
/// | parity                | healed likewise, else a parity error: parity anew               |
/// | more                  | the data among them are lost                                    |
///
/// With a disk missing, wrong data are lost, and so is the missing block unless all others are
/// right and their sum is what its entry asks for.
///
/// A block that was never written and is not zeros becomes zeros: every sum takes it for zeros.
final class StripeVerdict {
    private final @Nullable ByteBuffer[] found;
    private final @Nullable ChecksumEntry[] entries;
    private final int missing;
    private final int parity;

    /// Slots whose block is not what it must be.
    long wrong;

    /// Slots whose block is gone for good.
    long lost;

    /// What to write where.
    final @Nullable ByteBuffer[] repairs;

    /// Parity is written anew and needs another entry.
    boolean parityError;

    /// The slot whose block is that of its stripe, and whose entry is not that of the block; -1 if
    /// there is none.
    int entryError = -1;

    private StripeVerdict(
            @Nullable ByteBuffer[] found,
            @Nullable ChecksumEntry[] entries,
            int parity,
            int missing) {
        this.found = found;
        this.entries = entries;
        this.missing = missing;
        this.parity = parity;
        this.repairs = new @Nullable ByteBuffer[found.length];
    }

    /// The verdict on a stripe of which nothing has to be right now.
    static StripeVerdict unknown(int slots) {
        return new StripeVerdict(
                new @Nullable ByteBuffer[slots], new @Nullable ChecksumEntry[slots], 0, -1);
    }

    /// `scratch` is memory for a block, for the time of the call.
    static StripeVerdict of(
            @Nullable ByteBuffer[] found,
            @Nullable ChecksumEntry[] entries,
            int parity,
            int missing,
            ByteBuffer scratch) {
        StripeVerdict verdict = new StripeVerdict(found, entries, parity, missing);
        verdict.judge(Parity.cleared(scratch, 0));
        return verdict;
    }

    private void judge(ByteBuffer sum) {
        long bad = 0;
        for (int slot = 0; slot < found.length; slot++) {
            ByteBuffer content = found[slot];
            ChecksumEntry entry = entries[slot];
            if (slot == missing) {
                continue;
            }
            if (content != null && entry != null && Crc32c.of(content) == entry.crc()) {
                Parity.add(sum, content);
            } else if (entry != null) {
                bad |= 1L << slot;
            } else if (content == null || !Blocks.isZero(content)) {
                wrong |= 1L << slot;
                repairs[slot] = Parity.zeros();
            }
        }
        wrong |= bad;
        boolean whole = missing < 0 || (missing != parity && entries[missing] == null);
        if (!whole) {
            judgeDegraded(bad, sum);
        } else if (bad != 0 || !Blocks.isZero(sum)) {
            judgeWhole(bad, Parity.copy(sum));
        }
    }

    private void judgeWhole(long bad, ByteBuffer sum) {
        if (bad == 0) {
            makeParity(entries[parity] == null ? sum : less(sum, found[parity]));
        } else if (Long.bitCount(bad) > 1) {
            lost = bad & ~(1L << parity);
        } else {
            judgeOne(Long.numberOfTrailingZeros(bad), sum);
        }
    }

    private void judgeOne(int slot, ByteBuffer sum) {
        ChecksumEntry entry = entries[slot];
        if (entry != null && Crc32c.of(sum, 0, Blocks.SIZE) == entry.crc()) {
            repairs[slot] = sum;
        } else if (slot == parity) {
            makeParity(sum);
        } else if (sum.equals(found[slot])) {
            entryError = slot;
        } else {
            lost = 1L << slot;
        }
    }

    private void judgeDegraded(long bad, ByteBuffer sum) {
        lost = bad & ~(1L << parity);
        ChecksumEntry entry = entries[missing];
        if (missing == parity || entry == null) {
            return;
        }
        if (bad != 0 || Crc32c.of(sum, 0, Blocks.SIZE) != entry.crc()) {
            lost |= 1L << missing;
        }
    }

    private void makeParity(ByteBuffer sum) {
        parityError = true;
        repairs[parity] = sum;
    }

    /// Whether another disk is away by now than when it was made.
    boolean isOutdated(int missingNow) {
        return missing != missingNow;
    }

    private static ByteBuffer less(ByteBuffer sum, @Nullable ByteBuffer content) {
        if (content != null) {
            Parity.add(sum, content);
        }
        return sum;
    }

    /// The slot whose entry has to change, or -1.
    int stamped() {
        return parityError ? parity : entryError;
    }

    /// The new entry of the slot [#stamped]: its consistency point is the newest of the stripe.
    ChecksumEntry newEntry() {
        ByteBuffer content = parityError ? repairs[parity] : found[entryError];
        int crc = content == null ? 0 : Crc32c.of(content, 0, Blocks.SIZE);
        ChecksumEntry newest = new ChecksumEntry(crc, 0, 0);
        for (ChecksumEntry entry : entries) {
            if (entry != null && entry.isNewerThan(newest.epochCounter(), newest.cpCount())) {
                newest = new ChecksumEntry(crc, entry.epochCounter(), entry.cpCount());
            }
        }
        return newest;
    }
}
