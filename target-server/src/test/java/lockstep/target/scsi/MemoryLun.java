package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.LunExtent;
import lockstep.blockstore.volume.LunSpace;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/// A LUN in memory for tests: sparse, durable as long as the process. It can be told to hold its
/// completions back, to fail the next operation, and not to serve.
public final class MemoryLun implements Lun {
    private final EventLoop loop;
    private final SortedMap<Long, byte[]> blocks = new TreeMap<>();
    private final Deque<Runnable> held = new ArrayDeque<>();
    private final SortedMap<String, byte[]> values;
    private final boolean lostPower;
    private LunRecord record;
    private boolean serving = true;
    private boolean holding;
    private @Nullable Outcome next;
    private LunSpace space = LunSpace.UNKNOWN;

    /// An empty LUN on `loop`.
    public MemoryLun(LunRecord record, EventLoop loop) {
        this(record, loop, new TreeMap<>(), false);
    }

    private MemoryLun(
            LunRecord record, EventLoop loop, SortedMap<String, byte[]> values, boolean lostPower) {
        this.record = record;
        this.loop = loop;
        this.values = values;
        this.lostPower = lostPower;
    }

    /// A LUN that keeps the same values as this one from now on: opened from rest, or by a
    /// takeover.
    public MemoryLun reopened(boolean fromRest) {
        return new MemoryLun(record, loop, new TreeMap<>(values), fromRest);
    }

    /// Whether media commands are served from now on.
    public void serve(boolean now) {
        serving = now;
    }

    /// The next operation ends like this and changes nothing.
    public void failNext(Outcome outcome) {
        next = outcome;
    }

    /// Completions wait for [#letGo].
    public void hold() {
        holding = true;
    }

    /// Completions that wait now.
    public int heldCount() {
        return held.size();
    }

    /// Ends what waits and holds nothing back any more.
    public void letGo() {
        holding = false;
        while (!held.isEmpty()) {
            held.remove().run();
        }
    }

    /// Changes the size.
    public void resize(long size) {
        record = record.sized(size);
    }

    /// It shows a snapshot from here on.
    public void protect() {
        record =
                new LunRecord(
                        record.number(), record.name(), record.identity(), record.size(), true);
    }

    /// Blocks that hold anything.
    public int blocksUsed() {
        return blocks.size();
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
        return serving;
    }

    @Override
    public void read(long offset, ByteBuffer into, Outcome.Handler done) {
        end(
                done,
                () -> {
                    for (int at = 0; at < into.remaining(); at += Blocks.SECTOR) {
                        byte[] block = blocks.get(Blocks.containing(offset + at));
                        int inside = (int) ((offset + at) % Blocks.SIZE);
                        byte[] from = block == null ? new byte[Blocks.SIZE] : block;
                        into.put(into.position() + at, from, inside, Blocks.SECTOR);
                    }
                });
    }

    @Override
    public void write(long offset, IoBuffer data, Outcome.Handler done) {
        end(
                done,
                () -> {
                    ByteBuffer view = data.view();
                    for (int at = 0; at < view.remaining(); at += Blocks.SECTOR) {
                        sector(offset + at, view.slice(at, Blocks.SECTOR));
                    }
                });
        data.release();
    }

    @Override
    public void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done) {
        end(
                done,
                () -> {
                    for (long at = 0; at < length; at += Blocks.SECTOR) {
                        sector(offset + at, pattern.duplicate());
                    }
                });
    }

    private void sector(long offset, ByteBuffer bytes) {
        byte[] block =
                blocks.computeIfAbsent(Blocks.containing(offset), _ -> new byte[Blocks.SIZE]);
        bytes.get(block, (int) (offset % Blocks.SIZE), Blocks.SECTOR);
    }

    @Override
    public void unmap(long offset, long length, Outcome.Handler done) {
        end(
                done,
                () -> {
                    long end = offset + length;
                    for (long at = offset; at < end; ) {
                        long block = Blocks.containing(at);
                        long stop = Math.min(end, Blocks.toBytes(block + 1));
                        if (stop - at == Blocks.SIZE) {
                            blocks.remove(block);
                        } else if (blocks.containsKey(block)) {
                            ByteBuffer zeros = ByteBuffer.allocate(Blocks.SECTOR);
                            for (; at < stop; at += Blocks.SECTOR) {
                                sector(at, zeros.duplicate());
                            }
                        }
                        at = stop;
                    }
                });
    }

    @Override
    public void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done) {
        ByteBuffer view = both.view();
        int length = view.remaining() / 2;
        int differs = bytes(offset, length).mismatch(view.slice(0, length));
        if (differs >= 0 && next == null) {
            next = new Outcome.Miscompare(differs);
        }
        write(offset, IoBuffer.unpooled(view.slice(length, length)), done);
        both.release();
    }

    @Override
    public void orWrite(long offset, IoBuffer data, Outcome.Handler done) {
        ByteBuffer bits = data.view();
        ByteBuffer found = bytes(offset, bits.remaining());
        for (int at = 0; at < bits.remaining(); at++) {
            found.put(at, (byte) (found.get(at) | bits.get(at)));
        }
        write(offset, IoBuffer.unpooled(found), done);
        data.release();
    }

    @Override
    public void extents(long offset, int extentsMax, LunExtent.Handler done) {
        List<LunExtent> extents = new ArrayList<>();
        long end = Blocks.roundUp(record.size());
        for (long block = Blocks.containing(offset); block < end; block++) {
            boolean mapped = blocks.containsKey(block);
            int last = extents.size() - 1;
            if (last >= 0 && extents.get(last).mapped() == mapped) {
                LunExtent run = extents.get(last);
                extents.set(last, new LunExtent(run.offset(), run.length() + Blocks.SIZE, mapped));
            } else if (extents.size() == extentsMax) {
                break;
            } else {
                extents.add(new LunExtent(Blocks.toBytes(block), Blocks.SIZE, mapped));
            }
        }
        end(outcome -> done.ended(outcome, extents), () -> {});
    }

    @Override
    public LunSpace space() {
        return space;
    }

    /// What [#space] says from now on.
    public void space(LunSpace now) {
        space = now;
    }

    private ByteBuffer bytes(long offset, int length) {
        ByteBuffer found = ByteBuffer.allocate(length);
        for (int at = 0; at < length; at += Blocks.SECTOR) {
            byte[] block = blocks.get(Blocks.containing(offset + at));
            if (block != null) {
                found.put(at, block, (int) ((offset + at) % Blocks.SIZE), Blocks.SECTOR);
            }
        }
        return found;
    }

    @Override
    public void flush(Outcome.Handler done) {
        end(done, () -> {});
    }

    @Override
    public boolean hasLostPower() {
        return lostPower;
    }

    @Override
    public byte @Nullable [] value(String name) {
        return values.get(name);
    }

    @Override
    public void put(String name, ByteBuffer value, Outcome.Handler done) {
        byte[] bytes = new byte[value.remaining()];
        value.get(bytes);
        end(
                done,
                () -> {
                    if (bytes.length == 0) {
                        values.remove(name);
                    } else {
                        values.put(name, bytes);
                    }
                });
    }

    /// Does `action` now and completes later, as a volume does; or fails it.
    private void end(Outcome.Handler done, Runnable action) {
        Outcome outcome = next == null ? Outcome.done() : next;
        next = null;
        if (outcome.isDone()) {
            action.run();
        }
        if (holding) {
            held.add(() -> done.ended(outcome));
        } else {
            loop.execute(() -> done.ended(outcome));
        }
    }
}
