package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.LunExtent;
import lockstep.blockstore.volume.LunSpace;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// A LUN whose volume may change from a mirror to the active one under its hosts, in a takeover:
/// what comes from then on goes to the new one.
final class SwitchedLun implements Lun {
    private Lun now;

    SwitchedLun(Lun first) {
        this.now = first;
    }

    void to(Lun next) {
        now = next;
    }

    @Override
    public LunRecord record() {
        return now.record();
    }

    @Override
    public EventLoop loop() {
        return now.loop();
    }

    @Override
    public boolean isServing() {
        return now.isServing();
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        now.read(offset, into, done);
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        now.write(offset, data, done);
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        now.writeSame(offset, length, pattern, done);
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        now.unmap(offset, length, done);
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        now.compareAndWrite(offset, both, done);
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        now.orWrite(offset, data, done);
    }

    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        now.extents(offset, extentsMax, done);
    }

    @Override
    public LunSpace space() {
        return now.space();
    }

    @Override
    public void flush(Outcome.Handler done) {
        now.flush(done);
    }

    @Override
    public boolean hasLostPower() {
        return now.hasLostPower();
    }

    @Override
    public byte @Nullable [] value(String name) {
        return now.value(name);
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        now.put(name, value, done);
    }
}
