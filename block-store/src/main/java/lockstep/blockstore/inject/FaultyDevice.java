package lockstep.blockstore.inject;

import lockstep.blockstore.inject.DeviceEffect.Asked;
import lockstep.blockstore.inject.DeviceFault.Range;
import lockstep.blockstore.inject.FaultPlan.Hit;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Function;
import java.util.function.LongConsumer;

/// A device that does wrong what the plan says, and else what the device below does. It keeps the
/// contract of [BlockDevice]: completions never come inside the call, and what was given up while a
/// fault kept it waiting never reaches the device.
///
/// What an operation suffers is decided in two steps: whether it is late, when it is asked; and how
/// it ends, when it would reach the device.
public final class FaultyDevice implements BlockDevice {
    private final BlockDevice under;
    private final FaultPlan plan;
    private final boolean isLog;

    private FaultyDevice(BlockDevice under, FaultPlan plan, boolean isLog) {
        this.under = under;
        this.plan = plan;
        this.isLog = isLog;
    }

    /// A disk, which faults know by its name.
    public static BlockDevice disk(BlockDevice under, FaultPlan plan) {
        return new FaultyDevice(under, plan, false);
    }

    /// A log device, whose durable writes come to [StorePoint#LOG_WRITE] and
    /// [StorePoint#LOG_WRITTEN].
    public static BlockDevice log(BlockDevice under, FaultPlan plan) {
        return new FaultyDevice(under, plan, true);
    }

    @Override
    public String name() {
        return under.name();
    }

    @Override
    public long size() {
        return under.size();
    }

    @Override
    public boolean takesHoles() {
        return under.takesHoles();
    }

    @Override
    public void held(LongConsumer told) {
        under.held(told);
    }

    @Override
    public void close() {
        under.close();
    }

    private Pending start(
            Asked asked,
            List<Range> ranges,
            IoCompletion done,
            Function<FaultyOperation, @Nullable Pending> ask) {
        FaultyOperation one = new FaultyOperation(done);
        Hit<DeviceFault> late = take(true, asked, ranges);
        Runnable issue = () -> one.begin(() -> ask.apply(one));
        boolean entries = isLog && asked == Asked.DURABLE_WRITE;
        Runnable begin = entries ? () -> plan.step(StorePoint.LOG_WRITE, issue) : issue;
        if (late == null) {
            begin.run();
        } else if (late.fault().effect() == DeviceEffect.SLOW) {
            plan.loop().clock().schedule(late.fault().nanos(), begin);
        } else {
            late.armed().hold(begin);
        }
        return one;
    }

    private @Nullable DeviceFault wrong(Asked asked, List<Range> ranges) {
        Hit<DeviceFault> hit = take(false, asked, ranges);
        return hit == null ? null : hit.fault();
    }

    private @Nullable Hit<DeviceFault> take(boolean delay, Asked asked, List<Range> ranges) {
        if (plan.isEmpty()) {
            return null;
        }
        return plan.take(
                DeviceFault.class,
                fault -> fault.effect().isDelay() == delay && fault.hits(name(), asked, ranges));
    }

    private IoFault failure(String operation) {
        return new IoFault(name(), operation, "injected error");
    }

    // The end of what never reaches the device.
    private @Nullable Pending endLater(FaultyOperation one, @Nullable IoFault fault) {
        plan.loop().execute(() -> one.end(fault));
        return null;
    }

    // The end of what the device below did.
    private static IoCompletion pass(FaultyOperation one) {
        return fault -> {
            one.returned();
            one.end(fault);
        };
    }

    @Override
    public Pending read(Extent extent, IoCompletion done) {
        List<Range> ranges = List.of(SpoiledWrite.range(extent));
        return start(Asked.READ, ranges, done, one -> readNow(one, extent, ranges));
    }

    private @Nullable Pending readNow(FaultyOperation one, Extent extent, List<Range> ranges) {
        DeviceFault fault = wrong(Asked.READ, ranges);
        if (fault == null) {
            return under.read(extent, pass(one));
        }
        if (fault.effect() != DeviceEffect.FLIP) {
            return endLater(one, failure("read"));
        }
        return under.read(
                extent,
                ended -> {
                    if (ended == null && !one.isAbandoned()) {
                        flip(extent, Math.max(0, fault.offset() - extent.offset()));
                    }
                    pass(one).ended(ended);
                });
    }

    // The lowest bit of the first byte that fault and read have in common.
    private static void flip(Extent extent, long at) {
        long left = at;
        for (ByteBuffer buffer : extent.buffers()) {
            if (left < buffer.remaining()) {
                int index = buffer.position() + (int) left;
                buffer.put(index, (byte) (buffer.get(index) ^ 1));
                return;
            }
            left -= buffer.remaining();
        }
    }

    @Override
    public Pending write(List<Extent> extents, IoCompletion done) {
        List<Extent> all = List.copyOf(extents);
        List<Range> ranges = all.stream().map(SpoiledWrite::range).toList();
        return start(
                Asked.WRITE,
                ranges,
                done,
                one -> {
                    DeviceFault fault = wrong(Asked.WRITE, ranges);
                    return writeNow(one, fault, all, under::write, pass(one));
                });
    }

    /// Asks the device below to write what is left of an operation.
    private interface Write {
        Pending ask(List<Extent> extents, IoCompletion end);
    }

    private @Nullable Pending writeNow(
            FaultyOperation one,
            @Nullable DeviceFault fault,
            List<Extent> all,
            Write write,
            IoCompletion end) {
        if (fault == null) {
            return write.ask(all, end);
        }
        return switch (fault.effect()) {
            case LOST_WRITE -> writeRest(one, SpoiledWrite.lost(fault, all), write, end);
            case MISDIRECTED_WRITE ->
                    writeRest(one, SpoiledWrite.astray(fault, all, size()), write, end);
            case TORN_WRITE -> tear(one, SpoiledWrite.first(fault, all), all, write, end);
            case NO_SPACE -> endLater(one, IoFault.outOfSpace(name(), "write"));
            case FLUSH_ERROR -> write.ask(all, _ -> end.ended(failure("flush")));
            case WRITE_ERROR, READ_ERROR, SLOW, HANG, FLIP -> endLater(one, failure("write"));
        };
    }

    private @Nullable Pending writeRest(
            FaultyOperation one, List<Extent> rest, Write write, IoCompletion end) {
        return rest.isEmpty() ? endLater(one, null) : write.ask(rest, end);
    }

    // What stood there is needed, since a device takes whole blocks.
    private Pending tear(
            FaultyOperation one, Extent torn, List<Extent> all, Write write, IoCompletion end) {
        ByteBuffer before = ByteBuffer.allocate((int) torn.length());
        return under.read(
                new Extent(torn.offset(), List.of(before)),
                unread -> {
                    one.returned();
                    if (unread == null) {
                        List<Extent> landed = SpoiledWrite.torn(all, torn, before);
                        one.begin(() -> write.ask(landed, end));
                    } else {
                        one.end(unread);
                    }
                });
    }

    @Override
    public Pending flush(IoCompletion done) {
        return start(
                Asked.FLUSH,
                List.of(),
                done,
                one ->
                        wrong(Asked.FLUSH, List.of()) == null
                                ? under.flush(pass(one))
                                : endLater(one, failure("flush")));
    }

    @Override
    public Pending writeDurably(List<Extent> extents, IoCompletion done) {
        List<Extent> all = List.copyOf(extents);
        List<Range> ranges = all.stream().map(SpoiledWrite::range).toList();
        return start(
                Asked.DURABLE_WRITE,
                ranges,
                done,
                one -> {
                    DeviceFault fault = wrong(Asked.DURABLE_WRITE, ranges);
                    IoCompletion end = isLog ? logged(one) : pass(one);
                    return writeNow(one, fault, all, under::writeDurably, end);
                });
    }

    private IoCompletion logged(FaultyOperation one) {
        return fault -> {
            one.returned();
            if (fault == null) {
                plan.step(StorePoint.LOG_WRITTEN, () -> one.end(null));
            } else {
                one.end(fault);
            }
        };
    }

    @Override
    public Pending punch(long offset, long length, IoCompletion done) {
        List<Range> ranges = List.of(new Range(offset, length));
        return start(
                Asked.PUNCH,
                ranges,
                done,
                one ->
                        wrong(Asked.PUNCH, ranges) == null
                                ? under.punch(offset, length, pass(one))
                                : endLater(one, failure("punch")));
    }
}
