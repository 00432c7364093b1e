package lockstep.blockstore.crash;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;

/// Another space, of which a test changes one thing.
class ForwardingSpace implements BlockSpace {
    private final BlockSpace to;

    ForwardingSpace(BlockSpace to) {
        this.to = to;
    }

    @Override
    public long size() {
        return to.size();
    }

    @Override
    public List<StripeSet> stripeSets() {
        return to.stripeSets();
    }

    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        to.read(vbn, crc, into, done);
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        to.readRun(vbn, crcs, into, done);
    }

    @Override
    public Writer begin(CpId cp) {
        return to.begin(cp);
    }

    @Override
    public void commitRoot(long order, ByteBuffer root, IoCompletion done) {
        to.commitRoot(order, root, done);
    }

    @Override
    public void writeCopyState(long order, ByteBuffer state, IoCompletion done) {
        to.writeCopyState(order, state, done);
    }

    @Override
    public void recover(CpId committed, IoCompletion done) {
        to.recover(committed, done);
    }
}
