package lockstep.blockstore.disk;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;

/// One member of a group: a device read and written by block, and what is known of its health. A
/// disk that failed stays failed; nothing is asked of it any more.
public final class Disk {
    /// Wrong blocks, with no right ones between them, that cost a disk its membership.
    public static final int WRONG_IN_A_ROW = 16;

    /// Right blocks that make up for a wrong one.
    private static final int GOOD_PER_WRONG = 8;

    private final BlockDevice device;
    private final DiskLabel label;
    private final DiskLayout layout;
    private boolean live = true;
    private String reason = "";
    private long readFaults;
    private long checksumErrors;
    private long wrong;
    private int badness;

    Disk(BlockDevice device, DiskLabel label) {
        this.device = device;
        this.label = label;
        this.layout = new DiskLayout(label.dbnCount());
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

    void fail(String why) {
        Check.that(live, "a disk fails once");
        live = false;
        reason = why;
    }

    /// Reads from block `block` of the device (see [DiskLayout]) into `into`, which is lent.
    public void read(long block, List<ByteBuffer> into, IoCompletion done) {
        Check.that(live, "a failed disk is not read");
        device.read(
                new BlockDevice.Extent(Blocks.toBytes(block), into),
                fault -> {
                    if (fault != null) {
                        readFaults++;
                    }
                    done.ended(fault);
                });
    }

    void write(long block, List<ByteBuffer> from, IoCompletion done) {
        device.write(new BlockDevice.Extent(Blocks.toBytes(block), from), done);
    }

    void writeDurably(long block, ByteBuffer from, IoCompletion done) {
        device.writeDurably(
                List.of(new BlockDevice.Extent(Blocks.toBytes(block), List.of(from))), done);
    }

    void flush(IoCompletion done) {
        device.flush(done);
    }

    void close() {
        device.close();
    }
}
