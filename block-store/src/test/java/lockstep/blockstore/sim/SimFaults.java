package lockstep.blockstore.sim;

import lockstep.blockstore.base.Blocks;

import org.jspecify.annotations.Nullable;

import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/// What is wrong with a simulated device now. Each fault stays until it is taken back, except the
/// ones named for the next write.
public final class SimFaults {
    /// Picks operations by their range in bytes.
    @FunctionalInterface
    public interface Range {
        /// Every range.
        Range ANY = (_, _) -> true;

        /// Whether an operation on `length` bytes at `offset` is hit.
        boolean hits(long offset, long length);

        /// Whatever touches any of these bytes.
        static Range touching(long from, long bytes) {
            return (offset, length) -> offset < from + bytes && from < offset + length;
        }
    }

    private static final Range NONE = (_, _) -> false;

    private final TreeSet<Long> unreadableBlocks = new TreeSet<>();
    private Range failingReads = NONE;
    private Range failingWrites = NONE;
    private Range nextLost = NONE;
    private @Nullable String dead;
    private long misdirectToOffset = -1;
    private long slowNanos;
    private boolean hanging;
    private Range misdirected = Range.ANY;
    private boolean spoilingNextRead;
    private boolean failingFlushes;
    private boolean fullBelow;
    private boolean withoutSpaceForHoles;
    private boolean ignoringFlushes;
    private BooleanSupplier failing = () -> false;

    SimFaults() {}

    /// Reads that `range` hits fail.
    public void failReads(Range range) {
        failingReads = range;
    }

    /// Writes that `range` hits fail, having reached the medium in any part.
    public void failWrites(Range range) {
        failingWrites = range;
    }

    /// What lends space to the device has none left, or (`full` is false) has again: writes to
    /// blocks that hold nothing reach nothing.
    public void fullBelow(boolean full) {
        fullBelow = full;
    }

    /// Until told otherwise, what lends it space finds none to note a hole.
    public void withoutSpaceForHoles(boolean without) {
        withoutSpaceForHoles = without;
    }

    boolean isWithoutSpaceForHoles() {
        return withoutSpaceForHoles;
    }

    boolean isFullBelow() {
        return fullBelow;
    }

    /// Flushes fail; some of what they covered is never durable.
    public void failFlushes() {
        failingFlushes = true;
    }

    /// Every operation takes so much longer.
    public void slowDown(long nanos) {
        slowNanos = nanos;
    }

    /// Nothing ends any more, until [SimDevice#answerAgain].
    public void hang() {
        hanging = true;
    }

    void endHang() {
        hanging = false;
    }

    boolean isHanging() {
        return hanging;
    }

    long slowNanos() {
        return slowNanos;
    }

    /// The whole device is gone: every operation fails for this reason.
    public void failAll(String reason) {
        dead = reason;
    }

    /// A latent sector error: these blocks cannot be read until they are written again.
    public void markUnreadable(long offset, long length) {
        for (long at = offset; at < offset + length; at += Blocks.SIZE) {
            unreadableBlocks.add(Blocks.containing(at));
        }
    }

    /// Whether blocks are left that cannot be read.
    public boolean hasUnreadable() {
        return !unreadableBlocks.isEmpty();
    }

    /// The next write that `range` hits is reported done and reaches nothing.
    public void loseNextWrite(Range range) {
        nextLost = range;
    }

    /// The next write lands at `offset` instead of where it belongs.
    public void misdirectNextWrite(long offset) {
        misdirectNextWrite(Range.ANY, offset);
    }

    /// As [#misdirectNextWrite(long)], for the next write that `range` hits.
    public void misdirectNextWrite(Range range, long offset) {
        misdirected = range;
        misdirectToOffset = offset;
    }

    /// `each` is asked at the end of every read, write and flush, and says whether that one fails.
    public void failWhen(BooleanSupplier each) {
        failing = each;
    }

    /// The next read gives other bytes than are there; they are there as before.
    public void spoilNextRead() {
        spoilingNextRead = true;
    }

    boolean spoilsRead() {
        boolean spoils = spoilingNextRead;
        spoilingNextRead = false;
        return spoils;
    }

    /// The device lies: flushes end well and cover nothing. A test that cannot catch this one
    /// cannot catch anything.
    public void ignoreFlushes() {
        ignoringFlushes = true;
    }

    /// Takes every fault back. What faults did to the content stays.
    public void heal() {
        unreadableBlocks.clear();
        failingReads = NONE;
        failingWrites = NONE;
        nextLost = NONE;
        dead = null;
        misdirectToOffset = -1;
        failing = () -> false;
        failingFlushes = false;
        fullBelow = false;
        withoutSpaceForHoles = false;
        slowNanos = 0;
        hanging = false;
        ignoringFlushes = false;
    }

    @Nullable String readFault(long offset, long length) {
        if (dead != null || failing.getAsBoolean()) {
            return dead == null ? "read error" : dead;
        }
        Long bad = unreadableBlocks.ceiling(Blocks.containing(offset));
        boolean latent = bad != null && Blocks.toBytes(bad) < offset + length;
        return latent || failingReads.hits(offset, length) ? "medium error" : null;
    }

    @Nullable String writeFault(long offset, long length) {
        boolean fails = failing.getAsBoolean() || failingWrites.hits(offset, length);
        return dead != null ? dead : fails ? "write error" : null;
    }

    @Nullable String flushFault() {
        boolean fails = failing.getAsBoolean() || failingFlushes;
        return dead != null ? dead : fails ? "flush error" : null;
    }

    boolean flushesAreIgnored() {
        return ignoringFlushes;
    }

    /// The offset where a write that is meant for `offset` lands; -1 if nowhere. Uses the fault up.
    long landing(long offset, long length) {
        if (nextLost.hits(offset, length)) {
            nextLost = NONE;
            return -1;
        }
        if (misdirectToOffset >= 0 && misdirected.hits(offset, length)) {
            long instead = misdirectToOffset;
            misdirectToOffset = -1;
            return instead;
        }
        if (!unreadableBlocks.isEmpty()) {
            long first = Blocks.containing(offset);
            unreadableBlocks.subSet(first, first + Blocks.roundUp(length)).clear();
        }
        return offset;
    }
}
