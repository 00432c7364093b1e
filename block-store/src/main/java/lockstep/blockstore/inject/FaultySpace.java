package lockstep.blockstore.inject;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// A space whose steps are the points of [StorePoint] about consistency points, records and
/// recovery. All else goes through as it is.
public record FaultySpace(BlockSpace under, FaultPlan plan) implements BlockSpace {
    @Override
    public long size() {
        return under.size();
    }

    @Override
    public boolean isOutOfSpace() {
        return under.isOutOfSpace();
    }

    @Override
    public List<StripeSet> stripeSets() {
        return under.stripeSets();
    }

    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        under.read(vbn, crc, into, done);
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        under.readRun(vbn, crcs, into, done);
    }

    @Override
    public void readHeld(BlockPointer pointer, ByteBuffer into, ReadHandler done) {
        under.readHeld(pointer, into, done);
    }

    @Override
    public void restore(long vbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        under.restore(vbn, crc, content, done);
    }

    @Override
    public String placeOf(long vbn) {
        return under.placeOf(vbn);
    }

    @Override
    public Writer begin(CpId cp) {
        return new FaultyWriter(under.begin(cp), plan);
    }

    @Override
    public void commitRoot(long order, ByteBuffer root, IoCompletion done) {
        plan.step(
                StorePoint.CP_SUPERBLOCK,
                () -> under.commitRoot(order, root, behind(StorePoint.CP_COMMITTED, done)));
    }

    @Override
    public void writeCopyState(long order, ByteBuffer state, IoCompletion done) {
        plan.step(
                StorePoint.STATE_RECORD,
                () -> under.writeCopyState(order, state, behind(StorePoint.STATE_RECORDED, done)));
    }

    @Override
    public void recover(CpId committed, IoCompletion done) {
        plan.step(
                StorePoint.STRIPES_RECOVERY,
                () -> under.recover(committed, behind(StorePoint.STRIPES_RECOVERED, done)));
    }

    private IoCompletion behind(StorePoint point, IoCompletion done) {
        return fault -> {
            if (fault == null) {
                plan.step(point, () -> done.ended(null));
            } else {
                done.ended(fault);
            }
        };
    }

    private record FaultyWriter(Writer under, FaultPlan plan) implements Writer {
        @Override
        public void calmUnless(BooleanSupplier urgent) {
            under.calmUnless(urgent);
        }

        @Override
        public void put(long vbn, ByteBuffer content, int crc) {
            under.put(vbn, content, crc);
        }

        @Override
        public void writeOut(IoCompletion done) {
            plan.step(StorePoint.CP_WRITE, () -> under.writeOut(done));
        }

        @Override
        public void flush(IoCompletion done) {
            plan.step(StorePoint.CP_FLUSH, () -> under.flush(done));
        }

        @Override
        public void committed() {
            under.committed();
        }

        @Override
        public void abandon(IoCompletion done) {
            under.abandon(done);
        }
    }
}
