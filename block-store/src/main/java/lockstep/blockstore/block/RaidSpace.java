package lockstep.blockstore.block;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.raid.CpWriter;
import lockstep.blockstore.raid.RaidGeometry;
import lockstep.blockstore.raid.Read;
import lockstep.blockstore.raid.RebuildPace;
import lockstep.blockstore.raid.VbnSpace;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// The real [BlockSpace]: blocks on RAID groups, roots and copy states in the record areas of all
/// their disks.
public final class RaidSpace implements BlockSpace {
    private final VolumeDisks disks;
    private final VbnSpace space;

    /// The space on `disks`, which are open.
    public RaidSpace(VolumeDisks disks) {
        this(disks, RebuildPace.DEFAULT);
    }

    /// The same, where disks are rebuilt at `pace`.
    public RaidSpace(VolumeDisks disks, RebuildPace pace) {
        this.disks = disks;
        this.space = new VbnSpace(disks, pace);
    }

    /// The disks below.
    public VolumeDisks disks() {
        return disks;
    }

    /// The RAID layer, for status and checks.
    public VbnSpace raid() {
        return space;
    }

    @Override
    public long size() {
        return space.size();
    }

    @Override
    public boolean isOutOfSpace() {
        for (GroupDisks group : disks.groups()) {
            for (int slot = 0; slot < group.slots(); slot++) {
                Disk disk = group.disk(slot);
                if (disk != null && disk.isOutOfSpace()) {
                    return true;
                }
            }
        }
        return false;
    }

    @Override
    public List<StripeSet> stripeSets() {
        List<StripeSet> sets = new ArrayList<>();
        RaidGeometry geometry = space.geometry();
        for (int g = 0; g < geometry.groups().size(); g++) {
            RaidGeometry.Group group = geometry.groups().get(g);
            sets.add(new StripeSet(geometry.firstVbns(g), group.dbnCount()));
        }
        return sets;
    }

    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        space.read(vbn, crc, into, result -> done.ended(isReadable(result)));
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        space.readRun(
                vbn,
                crcs.length,
                crcs,
                into.toArray(ByteBuffer[]::new),
                results -> done.ended(results.stream().map(RaidSpace::isReadable).toList()));
    }

    @Override
    public void readHeld(BlockPointer pointer, ByteBuffer into, ReadHandler done) {
        space.held()
                .read(
                        pointer.vbn(),
                        pointer.crc(),
                        pointer.birthEpoch(),
                        pointer.birthCount(),
                        into,
                        result -> done.ended(isReadable(result)));
    }

    @Override
    public void restore(long vbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        space.held().restore(vbn, crc, content, done);
    }

    @Override
    public String placeOf(long vbn) {
        return space.held().placeOf(vbn);
    }

    private static boolean isReadable(Read result) {
        return switch (result) {
            case Read.Ok _ -> true;
            case Read.Lost _ -> false;
        };
    }

    @Override
    public Writer begin(CpId cp) {
        return new RaidWriter(space.begin(cp));
    }

    @Override
    public void commitRoot(long order, ByteBuffer root, IoCompletion done) {
        disks.writeRecord(RecordArea.SUPERBLOCK, order, root, done);
    }

    @Override
    public void writeCopyState(long order, ByteBuffer state, IoCompletion done) {
        disks.writeRecord(RecordArea.COPY_STATE, order, state, done);
    }

    @Override
    public void recover(CpId committed, IoCompletion done) {
        space.recover(committed, done);
    }

    private record RaidWriter(CpWriter writer) implements Writer {
        @Override
        public void calmUnless(BooleanSupplier urgent) {
            writer.calmUnless(urgent);
        }

        @Override
        public void put(long vbn, ByteBuffer content, int crc) {
            writer.put(vbn, content, crc);
        }

        @Override
        public void writeOut(IoCompletion done) {
            writer.writeOut(done);
        }

        @Override
        public void flush(IoCompletion done) {
            writer.flush(done);
        }

        @Override
        public void committed() {
            writer.end();
        }

        @Override
        public void abandon(IoCompletion done) {
            writer.abandon(done);
        }
    }
}
