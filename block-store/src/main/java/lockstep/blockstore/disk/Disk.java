package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Objects;
import java.util.function.Function;

/// One member of a group: a device read and written by block, and what is known of its health. A
/// disk that failed stays failed; nothing is asked of it any more.
public final class Disk {
    /// Wrong blocks, with no right ones between them, that cost a disk its membership.
    public static final int WRONG_IN_A_ROW = 16;

    /// Right blocks that make up for a wrong one.
    private static final int GOOD_PER_WRONG = 8;

    private static final long ERASED_AT_ONCE = 4096;

    private final BlockDevice device;
    private final DiskLabel label;
    private final DiskLayout layout;
    private boolean live = true;
    private String reason = "";
    private @Nullable DiskOperations operations;
    private long readFaults;
    private long checksumErrors;
    private long wrong;
    private int badness;

    Disk(BlockDevice device, DiskLabel label) {
        this.device = device;
        this.label = label;
        this.layout = label.layout();
    }

    /// How to name it to people.
    public String name() {
        return device.name();
    }

    /// Where things stand on it.
    public DiskLayout layout() {
        return layout;
    }

    /// The label that it was opened with.
    public DiskLabel label() {
        return label;
    }

    /// Whether it is in use.
    public boolean live() {
        return live;
    }

    /// Why it is not in use; empty while it is.
    public String reason() {
        return reason;
    }

    /// Reads that failed, since it was opened.
    public long readFaults() {
        return readFaults;
    }

    /// Blocks that failed their checksum, since it was opened.
    public long checksumErrors() {
        return checksumErrors;
    }

    /// Whether it holds all blocks if it was rebuilt up to `dbn`.
    boolean holds(long dbn) {
        return dbn >= layout.dbnCount();
    }

    /// Zeros everything but the data, durably: labels, records, notes and checksums of whatever
    /// volume it belonged to. Data need not be erased, as it counts only where a checksum entry
    /// says so.
    void erase(IoCompletion done) {
        eraseFrom(0, layout.dataStart(), done);
    }

    /// As [#erase], data too: so that nothing stands where nothing was written, not even what
    /// counts for nothing.
    void eraseAll(IoCompletion done) {
        eraseFrom(0, layout.deviceBlocks(), done);
    }

    private void eraseFrom(long block, long end, IoCompletion done) {
        long left = end - block;
        if (left == 0) {
            flush(done);
            return;
        }
        long count = Math.min(left, ERASED_AT_ONCE);
        punch(
                block,
                count,
                fault -> {
                    if (fault != null) {
                        done.ended(fault);
                    } else {
                        eraseFrom(block + count, end, done);
                    }
                });
    }

    /// Zeros where labels stand, durably.
    void eraseLabels(IoCompletion done) {
        List<ByteBuffer> both =
                List.of(ByteBuffer.allocate(Blocks.SIZE), ByteBuffer.allocate(Blocks.SIZE));
        long at = Blocks.toBytes(DiskLayout.label(0));
        List<BlockDevice.Extent> extents = List.of(new BlockDevice.Extent(at, both));
        start("label", false, ended -> device.writeDurably(extents, ended), done);
    }

    /// Writes the label that it was made with, where its generation belongs, and nothing else that
    /// could be taken for one.
    void writeLabel(IoCompletion done) {
        ByteBuffer none = ByteBuffer.allocate(Blocks.SIZE);
        ByteBuffer made = label.encode();
        boolean isFirst = (label.generation() & 1) == 0;
        List<ByteBuffer> both = isFirst ? List.of(made, none) : List.of(none, made);
        long at = Blocks.toBytes(DiskLayout.label(0));
        List<BlockDevice.Extent> extents = List.of(new BlockDevice.Extent(at, both));
        start("label", false, ended -> device.writeDurably(extents, ended), done);
    }

    /// The device, for who puts it to another use.
    public BlockDevice device() {
        return device;
    }

    /// Counts a block that came back wrong; true if that is one too many. A disk whose every block
    /// is wrong (somebody has overwritten it) is given up after [#WRONG_IN_A_ROW]; one with some
    /// rot here and there is not, as healing each block costs less than the redundancy of all.
    public boolean countChecksumError() {
        checksumErrors++;
        return worse();
    }

    /// Counts a block that could not be read; true if that is one too many.
    public boolean countUnreadable() {
        return worse();
    }

    /// Blocks that came back wrong or not at all, since it was opened.
    long wrong() {
        return wrong;
    }

    private boolean worse() {
        wrong++;
        badness += GOOD_PER_WRONG;
        return badness >= WRONG_IN_A_ROW * GOOD_PER_WRONG;
    }

    /// Counts blocks that came back right.
    public void countGood(int blocks) {
        badness = Math.max(0, badness - blocks);
    }

    /// From here on what takes too long is given up; `onHang` runs when nothing comes any more.
    void watch(Clock clock, DiskPatience patience, Runnable onHang) {
        DiskOperations watched = new DiskOperations(name(), clock, patience);
        watched.onHang(onHang);
        operations = watched;
    }

    /// `task` runs when [#isOutOfSpace] has changed.
    void onSpace(Runnable task) {
        DiskOperations watched = operations;
        if (watched != null) {
            watched.onSpace(task);
        }
    }

    /// Whether writes wait for space below this disk.
    public boolean isOutOfSpace() {
        DiskOperations watched = operations;
        return live && watched != null && watched.isOutOfSpace();
    }

    private void start(
            String what,
            boolean hedged,
            Function<IoCompletion, Pending> device,
            IoCompletion done) {
        watched().start(what, hedged, device, done);
    }

    private DiskOperations watched() {
        return Objects.requireNonNull(operations, "a disk in use is watched");
    }

    /// What is asked of it and has not ended is not waited for any more.
    void giveUp() {
        DiskOperations watched = operations;
        if (watched != null) {
            String why = reason.isEmpty() ? "it does not answer" : "it left its group: " + reason;
            watched.giveUpAll(why);
        }
    }

    void fail(String why) {
        Check.that(live, "a disk fails once");
        live = false;
        reason = why;
        DiskOperations watched = operations;
        if (watched != null) {
            watched.leave("it left its group: " + why);
        }
    }

    /// Reads from block `block` of the device (see [DiskLayout]) into `into`, which is lent.
    public void read(long block, List<ByteBuffer> into, IoCompletion done) {
        read(block, into, false, done);
    }

    /// The same; a `hedged` read ends with [IoFault#isSlow] if it takes long.
    public void read(long block, List<ByteBuffer> into, boolean hedged, IoCompletion done) {
        Check.that(live, "a failed disk is not read");
        BlockDevice.Extent extent = new BlockDevice.Extent(Blocks.toBytes(block), into);
        start(
                "read",
                hedged,
                ended -> device.read(extent, ended),
                fault -> {
                    if (fault != null && !fault.isSlow()) {
                        readFaults++;
                    }
                    done.ended(fault);
                });
    }

    void write(List<BlockDevice.Extent> extents, IoCompletion done) {
        start("write", false, ended -> device.write(extents, ended), done);
    }

    void writeDurably(long block, ByteBuffer from, IoCompletion done) {
        List<BlockDevice.Extent> extents =
                List.of(new BlockDevice.Extent(Blocks.toBytes(block), List.of(from)));
        start("write", false, ended -> device.writeDurably(extents, ended), done);
    }

    /// Gives the space of `count` blocks back: they read as zeros.
    void punch(long block, long count, IoCompletion done) {
        long from = Blocks.toBytes(block);
        long bytes = Blocks.toBytes(count);
        start("punch", false, ended -> device.punch(from, bytes, ended), done);
    }

    /// The same if there is space for it: a file system may need some to note a hole. Else it ends
    /// with [IoFault#isOutOfSpace], and what the blocks read as is not known.
    void punchIfSpace(long block, long count, IoCompletion done) {
        long from = Blocks.toBytes(block);
        long bytes = Blocks.toBytes(count);
        watched().startUnneeded("punch", ended -> device.punch(from, bytes, ended), done);
    }

    void flush(IoCompletion done) {
        start("flush", false, device::flush, done);
    }
}
