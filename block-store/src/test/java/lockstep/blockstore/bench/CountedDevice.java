package lockstep.blockstore.bench;

import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.Pending;

import java.util.List;

/// Counts what is asked of a device: how many reads and writes, of how many bytes, and how many of
/// them were under way on the average. Belongs to the loop, like the device.
final class CountedDevice implements BlockDevice {
    private final BlockDevice device;
    private final Load load;

    /// What was asked of some devices together, seen from the loop.
    static final class Load {
        private long requests;
        private long bytes;
        private long flushes;
        private int underWay;
        private int flushing;
        private long changedNanos = System.nanoTime();
        private double area;
        private double idle;

        private void change(int by, int flushesBy) {
            long now = System.nanoTime();
            area += (double) underWay * (now - changedNanos);
            idle += underWay + flushing == 0 ? now - changedNanos : 0;
            changedNanos = now;
            underWay += by;
            flushing += flushesBy;
        }

        /// What happened since the call before.
        Counted take(long nanos) {
            change(0, 0);
            Counted counted = new Counted(requests, bytes, flushes, area / nanos, idle / nanos);
            requests = 0;
            bytes = 0;
            flushes = 0;
            area = 0;
            idle = 0;
            return counted;
        }
    }

    /// Reads and writes, their bytes, flushes, the mean number of reads and writes under way, and
    /// the part of the time in which nothing was.
    record Counted(long requests, long bytes, long flushes, double underWay, double idle) {}

    CountedDevice(BlockDevice device, Load load) {
        this.device = device;
        this.load = load;
    }

    private IoCompletion counted(long bytes, IoCompletion done) {
        load.requests++;
        load.bytes += bytes;
        load.change(1, 0);
        return fault -> {
            load.change(-1, 0);
            done.ended(fault);
        };
    }

    private IoCompletion flushing(IoCompletion done) {
        load.flushes++;
        load.change(0, 1);
        return fault -> {
            load.change(0, -1);
            done.ended(fault);
        };
    }

    @Override
    public String name() {
        return device.name();
    }

    @Override
    public long size() {
        return device.size();
    }

    @Override
    public Pending read(Extent extent, IoCompletion done) {
        return device.read(extent, counted(extent.length(), done));
    }

    @Override
    public Pending write(List<Extent> extents, IoCompletion done) {
        return device.write(
                extents, counted(extents.stream().mapToLong(Extent::length).sum(), done));
    }

    @Override
    public Pending flush(IoCompletion done) {
        return device.flush(flushing(done));
    }

    @Override
    public Pending writeDurably(List<Extent> extents, IoCompletion done) {
        return device.writeDurably(extents, flushing(done));
    }

    @Override
    public Pending punch(long offset, long length, IoCompletion done) {
        return device.punch(offset, length, done);
    }

    @Override
    public void close() {
        device.close();
    }
}
