package lockstep.blockstore.volume;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;

/// A LUN of a mirror: it says what it is and what its source keeps of it, and serves nothing.
final class MirrorLun implements Lun {
    private static final Outcome MIRROR = new Outcome.NotServing("this is the mirror");

    private final MirrorLuns luns;
    private final EventLoop loop;
    private final UUID identity;
    private LunRecord lastKnown;

    MirrorLun(MirrorLuns luns, EventLoop loop, LunRecord record) {
        this.luns = luns;
        this.loop = loop;
        this.identity = record.identity();
        this.lastKnown = record;
    }

    @Override
    public LunRecord record() {
        for (LunState lun : luns.list()) {
            if (lun.record().identity().equals(identity)) {
                lastKnown = lun.record();
            }
        }
        return lastKnown;
    }

    @Override
    public EventLoop loop() {
        return loop;
    }

    @Override
    public boolean isServing() {
        return false;
    }

    @Override
    public boolean hasLostPower() {
        return false;
    }

    @Override
    public byte @Nullable [] value(String name) {
        return luns.value(LunTable.keyOf(identity, name));
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        done.ended(MIRROR);
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        data.release();
        done.ended(MIRROR);
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        done.ended(MIRROR);
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        done.ended(MIRROR);
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        both.release();
        done.ended(MIRROR);
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        data.release();
        done.ended(MIRROR);
    }

    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        done.ended(MIRROR, List.of());
    }

    @Override
    public LunSpace space() {
        return LunSpace.UNKNOWN;
    }

    @Override
    public void flush(Outcome.Handler done) {
        done.ended(MIRROR);
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        done.ended(MIRROR);
    }
}
