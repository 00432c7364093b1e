package lockstep.replication.pair;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.raid.RaidGeometry;
import lockstep.blockstore.sim.SimDevice;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;

/// What the disks of one group hold at this moment, read past all layers and without taking time:
/// the checker's own eyes. A VBN is where [RaidGeometry] says, and nothing is healed.
final class DirectSpace implements BlockSpace {
    private static final byte[] ZEROS = new byte[Blocks.SIZE];

    private final List<SimDevice> disks;
    private final RaidGeometry geometry;
    private final DiskLayout layout;
    private final int parity;

    /// The group's disks by slot, of which `parity` is the parity disk's.
    DirectSpace(List<SimDevice> disks, int parity) {
        this.disks = disks;
        this.parity = parity;
        long smallest = disks.stream().mapToLong(SimDevice::size).min().orElseThrow();
        this.layout = DiskLayout.fitting(smallest);
        this.geometry =
                new RaidGeometry(
                        List.of(
                                new RaidGeometry.Group(
                                        disks.size() - 1, parity, layout.dbnCount())));
    }

    long stripes() {
        return layout.dbnCount();
    }

    /// Whether data and parity of a stripe add up to zero.
    boolean parityIsRight(long dbn) {
        long at = Blocks.toBytes(layout.dataStart() + dbn);
        if (disks.stream().allMatch(disk -> disk.isFresh(at))) {
            return true;
        }
        byte[] sum = new byte[Blocks.SIZE];
        for (SimDevice disk : disks) {
            byte[] block = content(disk, dbn);
            // A byte loop that the compiler turns into vectors.
            for (int i = 0; i < sum.length; i++) {
                sum[i] ^= block[i];
            }
        }
        return Arrays.equals(sum, ZEROS);
    }

    /// What stands at `vbn`.
    byte[] blockAt(long vbn) {
        return content(disks.get(geometry.slotOf(vbn)), geometry.dbnOf(vbn)).clone();
    }

    /// Puts a block back.
    void put(long vbn, byte[] content) {
        long at = Blocks.toBytes(layout.dataStart() + geometry.dbnOf(vbn));
        disks.get(geometry.slotOf(vbn)).poke(at, content);
    }

    /// Noise in the block and in the parity of its stripe: the stripe cannot give it.
    void spoil(long vbn) {
        long at = Blocks.toBytes(layout.dataStart() + geometry.dbnOf(vbn));
        disks.get(geometry.slotOf(vbn)).overwriteWithNoise(at, Blocks.SIZE);
        disks.get(parity).overwriteWithNoise(at, Blocks.SIZE);
    }

    private byte[] content(SimDevice disk, long dbn) {
        return disk.borrowBlock(Blocks.toBytes(layout.dataStart() + dbn));
    }

    @Override
    public long size() {
        return geometry.size();
    }

    @Override
    public List<StripeSet> stripeSets() {
        return List.of(StripeSet.of(0, disks.size() - 1, layout.dbnCount()));
    }

    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        byte[] content = content(disks.get(geometry.slotOf(vbn)), geometry.dbnOf(vbn));
        boolean right = Crc32c.of(ByteBuffer.wrap(content)) == crc;
        into.put(0, content);
        done.ended(right);
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        throw new AssertionError("the checker reads block by block");
    }

    @Override
    public Writer begin(CpId cp) {
        throw new AssertionError("the checker writes nothing");
    }

    @Override
    public void commitRoot(long order, ByteBuffer root, IoCompletion done) {
        throw new AssertionError("the checker writes nothing");
    }

    @Override
    public void writeCopyState(long order, ByteBuffer state, IoCompletion done) {
        throw new AssertionError("the checker writes nothing");
    }

    @Override
    public void recover(CpId committed, IoCompletion done) {
        throw new AssertionError("the checker writes nothing");
    }
}
