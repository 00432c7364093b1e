package lockstep.blockstore.sim;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;
import lockstep.blockstore.sim.SimMedium.CachedWrite;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/// A device that keeps [BlockDevice]'s contract to the letter and no further: operations under way
/// end in any order, a flush covers what was completed before it, a durable write covers itself
/// only, and a power cut keeps, loses or tears everything else. It also watches its caller:
/// alignment, ranges, lent buffers that change too early.
public final class SimDevice implements BlockDevice {
    private static final long MIN_LATENCY_NANOS = 20_000;
    private static final long MAX_LATENCY_NANOS = 300_000;

    private final Simulation simulation;
    private final String name;
    private final long size;
    private final SimMedium medium;
    private final SimFaults faults = new SimFaults();
    // Writes that were submitted and have not reached the cache.
    private final List<CachedWrite> underWay = new ArrayList<>();
    private final List<Runnable> hung = new ArrayList<>();
    private @Nullable SimEventLoop loop;
    private @Nullable SimTrace trace;
    private int traceNumber;
    private int incarnation;
    private long reads;
    private long writes;
    private boolean closed;

    public SimDevice(Simulation simulation, String name, long size) {
        Check.that(size > 0 && Blocks.isAligned(size), "a device has whole blocks");
        this.simulation = simulation;
        this.name = name;
        this.size = size;
        this.medium = new SimMedium(simulation);
    }

    /// A new incarnation of the node uses the device from now on. Without a [#crash] before, the
    /// cache survives (a killed process); what the old one had under way ends now, in any part.
    public SimDevice attach(SimEventLoop newLoop) {
        incarnation++;
        hung.clear();
        for (CachedWrite write : takeUnderWay()) {
            medium.cache(medium.survivor(write));
        }
        loop = newLoop;
        closed = false;
        return this;
    }

    /// The power is cut: only what was flushed is certain to be left.
    public void crash() {
        incarnation++;
        hung.clear();
        loop = null;
        medium.loseCache();
        for (CachedWrite write : takeUnderWay()) {
            medium.keepRemains(write);
        }
    }

    /// All that becomes of writes goes into `newTrace`, as device `number`. Nothing is unflushed.
    public void traceTo(SimTrace newTrace, int number) {
        Check.that(underWay.isEmpty(), "a device is traced from rest");
        trace = newTrace;
        traceNumber = number;
        newTrace.begin(number, medium.image());
    }

    /// The device holds `image`, durably, and nothing else.
    public void load(Long2ObjectHashMap<byte[]> image) {
        medium.load(image);
    }

    private List<CachedWrite> takeUnderWay() {
        List<CachedWrite> taken = new ArrayList<>(underWay);
        underWay.clear();
        // Any order among themselves: Collections.shuffle would want another random source.
        for (int i = taken.size() - 1; i > 0; i--) {
            Collections.swap(taken, i, simulation.random().nextInt(i + 1));
        }
        return taken;
    }

    /// What is wrong with this device.
    public SimFaults faults() {
        return faults;
    }

    /// What hung goes on now, as late as it is.
    public void answerAgain() {
        faults.endHang();
        List<Runnable> late = List.copyOf(hung);
        hung.clear();
        late.forEach(Runnable::run);
    }

    /// Reads submitted so far.
    public long readsSubmitted() {
        return reads;
    }

    /// Writes submitted so far, extents counted one by one.
    public long writesSubmitted() {
        return writes;
    }

    /// Blocks of the writes under way.
    public int blocksUnderWay() {
        return underWay.stream().mapToInt(write -> write.blocks.length).sum();
    }

    /// The newest content of a range, for tests.
    public byte[] peek(long offset, int length) {
        return medium.peek(offset, length);
    }

    /// The newest content of the block at `offset`, for tests that only look at it.
    public byte[] borrowBlock(long offset) {
        return medium.block(Blocks.containing(offset));
    }

    /// Whether the block at `offset` is the zeros that a fresh device has.
    public boolean isFresh(long offset) {
        return medium.isFresh(Blocks.containing(offset));
    }

    /// Puts bytes on the medium behind everybody's back, durably.
    public void poke(long offset, byte[] bytes) {
        medium.poke(offset, bytes);
    }

    /// One bit of the byte at `offset` flips on the medium.
    public void corrupt(long offset) {
        byte[] bytes = peek(offset, 1);
        bytes[0] ^= (byte) (1 << simulation.random().nextInt(8));
        poke(offset, bytes);
    }

    /// A range is overwritten with noise on the medium.
    public void overwriteWithNoise(long offset, int length) {
        byte[] noise = new byte[length];
        simulation.random().nextBytes(noise);
        poke(offset, noise);
    }

    @Override
    public String name() {
        return name;
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public Pending read(Extent extent, IoCompletion done) {
        long length = checkRange(extent.offset(), extent.length());
        simulation.trace(extent.offset() * 31 + length);
        reads++;
        return after(
                latencyNanos(),
                done,
                operation -> {
                    String fault = faults.readFault(extent.offset(), length);
                    if (fault == null && !operation.isAbandoned()) {
                        LentBytes.fill(extent, medium);
                    }
                    if (faults.spoilsRead()) {
                        ByteBuffer first = extent.buffers().getFirst();
                        first.put(first.position(), (byte) ~first.get(first.position()));
                    }
                    return fault == null ? null : new IoFault(name, "read", fault);
                });
    }

    @Override
    public Pending write(List<Extent> extents, IoCompletion done) {
        List<Extent> lent = List.copyOf(extents);
        List<CachedWrite> submitted = lent.stream().map(this::submit).toList();
        Ending land = operation -> landAll(operation, lent, submitted, new ArrayList<>());
        return after(latencyNanos(), done, land);
    }

    // Copies the lent bytes; they are compared with the lent buffers at the end.
    private CachedWrite submit(Extent extent) {
        long length = checkRange(extent.offset(), extent.length());
        simulation.trace(~extent.offset() * 31 + length);
        writes++;
        return begin(new CachedWrite(Blocks.containing(extent.offset()), LentBytes.copy(extent)));
    }

    private CachedWrite begin(CachedWrite write) {
        underWay.add(write);
        SimTrace to = trace;
        if (to != null) {
            write.traced = to.submitted(traceNumber, write.firstBlock, write.blocks);
        }
        return write;
    }

    private void cache(CachedWrite write) {
        medium.cache(write);
        SimTrace to = trace;
        if (to != null) {
            to.landed(write.traced);
        }
    }

    // The write reaches the cache; `landed` takes what a flush has to cover.
    private @Nullable IoFault land(
            SimOperation operation, Extent extent, CachedWrite write, List<CachedWrite> landed) {
        underWay.remove(write);
        if (!operation.isAbandoned()) {
            LentBytes.checkUnchanged(extent, write.blocks);
        }
        if (faults.isFullBelow() && medium.takesSpace(write)) {
            return IoFault.outOfSpace(name, "write");
        }
        String fault = faults.writeFault(extent.offset(), extent.length());
        if (fault != null) {
            medium.cache(medium.survivor(write));
            return new IoFault(name, "write", fault);
        }
        long landing = faults.landing(extent.offset(), extent.length());
        if (landing >= 0) {
            CachedWrite at = new CachedWrite(Blocks.containing(landing), write.blocks);
            at.traced = write.traced;
            cache(at);
            landed.add(at);
        }
        return null;
    }

    @Override
    public Pending flush(IoCompletion done) {
        checkUse();
        simulation.trace(-1);
        List<CachedWrite> covered = medium.unflushed();
        return after(latencyNanos(), done, _ -> endFlush(covered));
    }

    private @Nullable IoFault endFlush(List<CachedWrite> covered) {
        String fault = faults.flushFault();
        if (fault != null) {
            medium.doom(covered);
            return new IoFault(name, "flush", fault);
        }
        if (!faults.flushesAreIgnored()) {
            SimTrace to = trace;
            if (to != null) {
                to.durable(covered.stream().map(write -> write.traced).toList());
            }
            medium.makeDurable(covered);
        }
        return null;
    }

    @Override
    public Pending writeDurably(List<Extent> extents, IoCompletion done) {
        List<Extent> lent = List.copyOf(extents);
        List<CachedWrite> submitted = lent.stream().map(this::submit).toList();
        SimOperation operation = new SimOperation(lent.stream().anyMatch(Extent::awaited));
        at(
                latencyNanos(),
                () -> {
                    List<CachedWrite> landed = new ArrayList<>();
                    IoFault fault = landAll(operation, lent, submitted, landed);
                    at(
                            latencyNanos() / 2,
                            () ->
                                    end(
                                            operation,
                                            done,
                                            _ -> {
                                                IoFault flushFault = endFlush(landed);
                                                return fault != null ? fault : flushFault;
                                            }));
                });
        return operation;
    }

    private @Nullable IoFault landAll(
            SimOperation operation,
            List<Extent> lent,
            List<CachedWrite> submitted,
            List<CachedWrite> landed) {
        IoFault first = null;
        for (int i = 0; i < lent.size(); i++) {
            IoFault fault = land(operation, lent.get(i), submitted.get(i), landed);
            first = first == null ? fault : first;
        }
        return first;
    }

    @Override
    public boolean takesHoles() {
        return true;
    }

    @Override
    public Pending punch(long offset, long length, IoCompletion done) {
        checkRange(offset, length);
        simulation.trace(~offset * 37 + length);
        byte[][] zeros = new byte[(int) Blocks.roundUp(length)][];
        Arrays.fill(zeros, SimMedium.ZEROS);
        CachedWrite write = begin(new CachedWrite(Blocks.containing(offset), zeros));
        return after(
                latencyNanos(),
                done,
                _ -> {
                    underWay.remove(write);
                    String fault = faults.writeFault(offset, length);
                    if (fault == null && !faults.isWithoutSpaceForHoles()) {
                        cache(write);
                        return null;
                    }
                    medium.cache(medium.survivor(write));
                    return fault == null
                            ? IoFault.outOfSpace(name, "punch")
                            : new IoFault(name, "punch", fault);
                });
    }

    @Override
    public void close() {
        closed = true;
    }

    /// The end of an operation: does it, and tells what went wrong.
    private interface Ending {
        @Nullable IoFault end(SimOperation operation);
    }

    private Pending after(long delayNanos, IoCompletion done, Ending ending) {
        SimOperation operation = new SimOperation(false);
        at(delayNanos, () -> end(operation, done, ending));
        return operation;
    }

    // The effect happens at the device; the completion is one more task on the caller's loop.
    private void end(SimOperation operation, IoCompletion done, Ending ending) {
        SimEventLoop caller = loop;
        IoFault fault = ending.end(operation);
        if (operation.end() && caller != null) {
            caller.execute(() -> done.ended(fault));
        }
    }

    // A step of the device, unless its node has gone by then; one that hangs takes it later.
    private void at(long delayNanos, Runnable step) {
        int now = incarnation;
        Check.that(loop != null, "a device is attached to a loop before it is used");
        simulation.schedule(delayNanos + faults.slowNanos(), () -> arrive(now, step));
    }

    private void arrive(int submitted, Runnable step) {
        if (submitted != incarnation) {
            return;
        }
        if (faults.isHanging()) {
            hung.add(() -> arrive(submitted, step));
        } else {
            step.run();
        }
    }

    private long latencyNanos() {
        return simulation.between(MIN_LATENCY_NANOS, MAX_LATENCY_NANOS);
    }

    private long checkRange(long offset, long length) {
        checkUse();
        Check.that(Blocks.isAligned(offset | length), "a range is whole blocks");
        Check.that(offset >= 0 && length > 0 && length <= size - offset, "it is in the device");
        return length;
    }

    private void checkUse() {
        Check.that(!closed, "a closed device is not used");
        SimEventLoop caller = loop;
        boolean called = caller != null && (caller.inLoop() || caller.isStopped());
        Check.that(called, "a device is called from its node's loop");
    }
}
