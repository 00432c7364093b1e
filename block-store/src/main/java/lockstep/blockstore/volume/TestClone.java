package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// A writable LUN over one that is only read: what hosts write goes to a thin LUN of another
/// volume, the *scratch*, and everything else is read from the *base*, the snapshot of a mirror.
/// Nothing is ever written to the base's volume.
///
/// Which blocks were written the scratch LUN says itself: those that hold space there
/// ([Lun#extents]). So a block may hold none only if it reads as the base does. That makes the
/// rules:
///
/// - A change of a part of a block that the scratch does not have copies the block there first
///   ([CopyUp]), and then is the scratch's own command.
/// - What a host zeroes or unmaps is written as zeros, unless the base has zeros there too.
///
/// A change holds its blocks from its begin to its end, so that none gets between copying a block
/// and changing it. Reads hold nothing: what they find in the scratch is newer than what they began
/// with, and what they find in the base never changes.
public final class TestClone implements Lun {
    private final Lun base;
    private final Lun scratch;
    private final SectorLocks locks = new SectorLocks();
    private final CopyUp copyUp;
    private final ZeroFill zeros;

    /// A clone of `base` in `scratch`, a LUN on the same loop that is no smaller and that nobody
    /// else has written to.
    public TestClone(Lun base, Lun scratch) {
        this.base = base;
        this.scratch = scratch;
        this.copyUp = new CopyUp(base, scratch);
        this.zeros = new ZeroFill(base, scratch);
    }

    /// The LUN that it began as.
    public Lun base() {
        return base;
    }

    /// Hosts address it by the base's number. What the scratch LUN grows by is not the clone's.
    @Override
    public LunRecord record() {
        LunRecord under = base.record();
        LunRecord own = scratch.record();
        return new LunRecord(under.number(), own.name(), own.identity(), under.size());
    }

    @Override
    public EventLoop loop() {
        return scratch.loop();
    }

    @Override
    public boolean isServing() {
        return base.isServing() && scratch.isServing();
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        new OverlaidRead(base, scratch, offset, into, done).run();
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        int length = data.size();
        Change write = held -> scratch.write(offset, data, held);
        change(offset, length, copyUp::edges, data::release, write, done);
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        if (Blocks.isZero(pattern)) {
            unmap(offset, length, done);
            return;
        }
        ByteBuffer copy = ByteBuffer.allocate(Blocks.SECTOR).put(pattern.duplicate()).flip();
        Change write = held -> scratch.writeSame(offset, length, copy, held);
        change(offset, length, copyUp::edges, () -> {}, write, done);
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        Change fill = held -> zeros.fill(offset, length, held);
        change(offset, length, copyUp::edges, () -> {}, fill, done);
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        int length = both.size() / 2;
        Change write = held -> scratch.compareAndWrite(offset, both, held);
        change(offset, length, copyUp::all, both::release, write, done);
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        int length = data.size();
        Change write = held -> scratch.orWrite(offset, data, held);
        change(offset, length, copyUp::all, data::release, write, done);
    }

    private interface Copying {
        void run(long offset, long length, Outcome.Handler done);
    }

    private interface Change {
        void run(Outcome.Handler held);
    }

    /// Runs `change` when its blocks are its own and `copying` has brought what it needs of them;
    /// if that fails, `giveUp` instead. `done` gets the end.
    private void change(
            long offset,
            long length,
            Copying copying,
            Runnable giveUp,
            Change change,
            Outcome.Handler done) {
        long first = Blocks.toBytes(Blocks.containing(offset));
        long end = Blocks.toBytes(Blocks.roundUp(offset + length));
        locks.hold(
                0,
                first,
                end - first,
                lock -> {
                    Outcome.Handler held =
                            outcome -> {
                                lock.release();
                                done.ended(outcome);
                            };
                    copying.run(
                            offset,
                            length,
                            copied -> {
                                if (copied.isDone()) {
                                    change.run(held);
                                } else {
                                    giveUp.run();
                                    held.ended(copied);
                                }
                            });
                });
    }

    static Outcome.Handler ifDone(Outcome.Handler done, Runnable next) {
        return outcome -> {
            if (outcome.isDone()) {
                next.run();
            } else {
                done.ended(outcome);
            }
        };
    }

    /// A block holds space if it does in either.
    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        new OverlaidExtents(base, scratch, offset, extentsMax, done).run();
    }

    @Override
    public LunSpace space() {
        return scratch.space();
    }

    @Override
    public void flush(Outcome.Handler done) {
        scratch.flush(done);
    }

    @Override
    public boolean hasLostPower() {
        return scratch.hasLostPower();
    }

    @Override
    public byte @Nullable [] value(String name) {
        return scratch.value(name);
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        scratch.put(name, value, done);
    }
}
