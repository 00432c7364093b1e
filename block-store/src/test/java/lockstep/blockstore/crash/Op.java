package lockstep.blockstore.crash;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.crash.VolumeState.LunContent;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/// Something that a host or an operator asks of a volume: what it does to the twin, and how it is
/// asked of the real one. A new kind of operation is a record here and a row in [OpSource]. Nobody
/// changes the arrays.
@SuppressWarnings("ArrayRecordComponent")
sealed interface Op {
    /// What the volume looks like afterwards.
    VolumeState apply(VolumeState before);

    /// Asks `volume` for it, on its loop.
    void issue(ActiveVolume volume, Outcome.Handler done);

    /// Whether nothing else may be under way with it, because its place in the order of the log is
    /// not the place at which it was asked for.
    default boolean isAlone() {
        return false;
    }

    /// Whether it has to work also when the volume is full.
    default boolean givesSpaceBack() {
        return false;
    }

    /// Makes a LUN, or lets it grow; what is new reads as zeros.
    record PutLun(int number, UUID identity, int blocks) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            LunContent was = before.lun(number);
            boolean grows = was != null && was.identity().equals(identity);
            long[] sectors = was != null && grows ? was.sectors() : new long[0];
            long[] now = Arrays.copyOf(sectors, blocks * Blocks.SECTORS);
            return before.with(number, new LunContent(identity, now));
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            LunRecord record =
                    new LunRecord(number, "lun" + number, identity, Blocks.toBytes(blocks));
            volume.putLun(record, done);
        }
    }

    /// Deletes a LUN.
    record DeleteLun(int number) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            return before.with(number, null);
        }

        @Override
        public boolean givesSpaceBack() {
            return true;
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            // As an entry that ends no half, which keeps its place among the others.
            volume.put("lun/" + number, ByteBuffer.allocate(0), done);
        }
    }

    /// Writes sectors.
    record Write(int lun, int sector, long[] stamps) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            return put(before, lun, sector, stamps);
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            on(
                    volume,
                    lun,
                    done,
                    it -> {
                        IoBuffer data = IoBuffer.unpooled(Stamps.sectors(stamps));
                        it.write(bytes(sector), data, done);
                    });
        }
    }

    /// Unmaps sectors.
    record Unmap(int lun, int sector, int count) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            return put(before, lun, sector, new long[count]);
        }

        @Override
        public boolean givesSpaceBack() {
            return true;
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            on(volume, lun, done, it -> it.unmap(bytes(sector), bytes(count), done));
        }
    }

    /// Writes one sector many times.
    record WriteSame(int lun, int sector, int count, long stamp) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            long[] stamps = new long[count];
            Arrays.fill(stamps, stamp);
            return put(before, lun, sector, stamps);
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            ByteBuffer pattern = Stamps.sectors(new long[] {stamp});
            on(volume, lun, done, it -> it.writeSame(bytes(sector), bytes(count), pattern, done));
        }
    }

    /// Writes `stamps` if the sectors hold `expected`.
    record CompareAndWrite(int lun, int sector, long[] expected, long[] stamps) implements Op {
        @Override
        public VolumeState apply(VolumeState before) {
            return put(before, lun, sector, stamps);
        }

        @Override
        public boolean isAlone() {
            return true;
        }

        @Override
        public void issue(ActiveVolume volume, Outcome.Handler done) {
            long[] both = Arrays.copyOf(expected, 2 * stamps.length);
            System.arraycopy(stamps, 0, both, stamps.length, stamps.length);
            on(
                    volume,
                    lun,
                    done,
                    it -> {
                        IoBuffer data = IoBuffer.unpooled(Stamps.sectors(both));
                        it.compareAndWrite(bytes(sector), data, done);
                    });
        }
    }

    private static VolumeState put(VolumeState before, int number, int sector, long[] stamps) {
        LunContent lun = before.lun(number);
        if (lun == null || lun.sectors().length < sector + stamps.length) {
            // What made it was refused, and so will this be.
            return before;
        }
        long[] changed = lun.sectors().clone();
        System.arraycopy(stamps, 0, changed, sector, stamps.length);
        return before.with(number, new LunContent(lun.identity(), changed));
    }

    private static long bytes(int sectors) {
        return (long) sectors * Blocks.SECTOR;
    }

    /// What is done with a LUN.
    interface Use {
        void on(Lun lun);
    }

    private static void on(ActiveVolume volume, int number, Outcome.Handler done, Use use) {
        Lun lun = find(volume, number);
        if (lun == null) {
            done.ended(new Outcome.OutOfRange());
        } else {
            use.on(lun);
        }
    }

    /// LUN `number` of `volume` as hosts have it.
    static @Nullable Lun find(ActiveVolume volume, int number) {
        for (Lun lun : volume.luns()) {
            if (lun.record().number() == number) {
                return lun;
            }
        }
        return null;
    }
}
