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
    public Pending read(Extent extent, IoCompletion done) {
        return under.read(extent, done);
    }

    @Override
    public Pending write(List<Extent> extents, IoCompletion done) {
        return nothing(done);
    }

    @Override
    public Pending flush(IoCompletion done) {
        return nothing(done);
    }

    @Override
    public Pending writeDurably(List<Extent> extents, IoCompletion done) {
        return nothing(done);
    }

    @Override
    public Pending punch(long offset, long length, IoCompletion done) {
        return nothing(done);
    }

    @Override
    public void close() {
        under.close();
    }

    private Pending nothing(IoCompletion done) {
        loop.execute(() -> done.ended(null));
        return () -> false;
    }
}
