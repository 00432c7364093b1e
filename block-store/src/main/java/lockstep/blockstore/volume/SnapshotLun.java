package lockstep.blockstore.volume;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;
import java.util.function.Supplier;

/// A snapshot shown to hosts as a LUN that takes no writes, whatever the copy that holds it is used
/// as: a mirror most of all. It has an identity of its own, so that nobody takes it for a path to
/// the LUN that it was. While no image here holds the snapshot, it does not serve.
public final class SnapshotLun implements Lun {
    private final Supplier<@Nullable ShownVolume> volume;
    private final EventLoop loop;
    private final UUID snapshot;
    private final LunRecord record;

    /// `snapshot` of the copy that `volume` gives at each moment (null: none is open), shown by
    /// node `node`.
    public SnapshotLun(
            Supplier<@Nullable ShownVolume> volume, EventLoop loop, Snapshot snapshot, long node) {
        this.volume = volume;
        this.loop = loop;
        this.snapshot = snapshot.identity();
        LunRecord was = snapshot.lun();
        this.record =
                new LunRecord(
                        was.number(),
                        was.name(),
                        identity(snapshot.identity(), node),
                        was.size(),
                        /* readOnly= */ true);
    }

    /// The same for as long as the snapshot is shown by this node, and nobody else's.
    private static UUID identity(UUID snapshot, long node) {
        String name = "snapshot " + snapshot + " at " + Long.toHexString(node);
        return UUID.nameUUIDFromBytes(name.getBytes(StandardCharsets.UTF_8));
    }

    /// The snapshot that it shows.
    public UUID snapshot() {
        return snapshot;
    }

    @Override
    public LunRecord record() {
        return record;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public boolean isServing() {
        ShownVolume now = volume.get();
        return now != null && now.kept().holds(snapshot);
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        ShownVolume now = volume.get();
        if (now == null) {
            done.ended(notOpen());
        } else {
            now.kept().read(snapshot, offset, into, done);
        }
    }

    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        ShownVolume now = volume.get();
        if (now == null) {
            done.ended(notOpen(), List.of());
        } else {
            now.kept().extents(snapshot, offset, extentsMax, done);
        }
    }

    private static Outcome notOpen() {
        return new Outcome.NotServing("the copy is changing its role");
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        data.release();
        done.ended(new Outcome.WriteProtected());
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        done.ended(new Outcome.WriteProtected());
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        done.ended(new Outcome.WriteProtected());
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        both.release();
        done.ended(new Outcome.WriteProtected());
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        data.release();
        done.ended(new Outcome.WriteProtected());
    }

    @Override
    public LunSpace space() {
        return LunSpace.UNKNOWN;
    }

    @Override
    public void flush(Outcome.Handler done) {
        done.ended(Outcome.done());
    }

    @Override
    public boolean hasLostPower() {
        return false;
    }

    /// Nothing is kept for it: hosts reserve nothing that they cannot write.
    @Override
    public byte @Nullable [] value(String name) {
        return null;
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        done.ended(new Outcome.WriteProtected());
    }
}
