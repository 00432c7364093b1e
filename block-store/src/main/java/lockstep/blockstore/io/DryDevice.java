package lockstep.blockstore.io;

import java.util.List;

/// A device that is only looked at: reads go through, writes end well and change nothing. What runs
/// on it may repair as it likes; the disk stays as it was found.
public record DryDevice(BlockDevice under, EventLoop loop) implements BlockDevice {
    @Override
    public String name() {
        return under.name();
    }

    @Override
    public long size() {
        return under.size();
    }

    @Override
    public void read(Extent extent, IoCompletion done) {
        under.read(extent, done);
    }

    @Override
    public void write(Extent extent, IoCompletion done) {
        nothing(done);
    }

    @Override
    public void flush(IoCompletion done) {
        nothing(done);
    }

    @Override
    public void writeDurably(List<Extent> extents, IoCompletion done) {
        nothing(done);
    }

    @Override
    public void punch(long offset, long length, IoCompletion done) {
        nothing(done);
    }

    @Override
    public void close() {
        under.close();
    }

    private void nothing(IoCompletion done) {
        loop.execute(() -> done.ended(null));
    }
}
