package lockstep.blockstore.volume;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.UUID;

/// A LUN of an active volume. It stays valid for as long as hosts hold it; once the LUN is deleted
/// every command gets [Outcome.OutOfRange].
final class VolumeLun implements Lun {
    private final ActiveVolume volume;
    private final UUID identity;
    private LunRecord lastKnown;

    VolumeLun(ActiveVolume volume, LunRecord record) {
        this.volume = volume;
        this.identity = record.identity();
        this.lastKnown = record;
    }

    @Override
    public LunRecord record() {
        LunState now = volume.lunState(lastKnown.number());
        if (now != null && now.record().identity().equals(identity)) {
            lastKnown = now.record();
        }
        return lastKnown;
    }

    @Override
    public EventLoop loop() {
        return volume.loop();
    }

    @Override
    public boolean isServing() {
        return volume.isServing();
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        volume.media().read(lastKnown.number(), identity, offset, into, done);
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        volume.media().write(lastKnown.number(), identity, offset, data, done);
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        volume.media().writeSame(lastKnown.number(), identity, offset, length, pattern, done);
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        volume.media().unmap(lastKnown.number(), identity, offset, length, done);
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        volume.media().atomic().compareAndWrite(lastKnown.number(), identity, offset, both, done);
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        volume.media().atomic().orWrite(lastKnown.number(), identity, offset, data, done);
    }

    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        volume.media().extents(lastKnown.number(), identity, offset, extentsMax, done);
    }

    @Override
    public LunSpace space() {
        return volume.media().space();
    }

    @Override
    public void flush(Outcome.Handler done) {
        volume.media().flush(done);
    }

    @Override
    public boolean hasLostPower() {
        return volume.hasLostPower();
    }

    @Override
    public byte @Nullable [] value(String name) {
        return volume.value(LunTable.keyOf(identity, name));
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        volume.put(LunTable.keyOf(identity, name), value, done);
    }
}
