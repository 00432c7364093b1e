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

    private static Range range(Extent extent) {
        return new Range(extent.offset(), extent.length());
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
        List<Range> ranges = List.of(range(extent));
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
    public Pending write(Extent extent, IoCompletion done) {
        List<Range> ranges = List.of(range(extent));
        return start(
                Asked.WRITE,
                ranges,
                done,
                one -> {
                    DeviceFault fault = wrong(Asked.WRITE, ranges);
                    return fault == null
                            ? under.write(extent, pass(one))
                            : endLater(one, endOfWrite(fault));
                });
    }

    /// How a write ends that reached nothing.
    private @Nullable IoFault endOfWrite(DeviceFault fault) {
        return switch (fault.effect()) {
            case LOST_WRITE -> null;
            case NO_SPACE -> IoFault.outOfSpace(name(), "write");
            case WRITE_ERROR, READ_ERROR, FLUSH_ERROR, SLOW, HANG, FLIP -> failure("write");
        };
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
        List<Range> ranges = all.stream().map(FaultyDevice::range).toList();
        return start(
                Asked.DURABLE_WRITE,
                ranges,
                done,
                one -> writeNow(one, all, ranges, isLog ? logged(one) : pass(one)));
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

    private @Nullable Pending writeNow(
            FaultyOperation one, List<Extent> all, List<Range> ranges, IoCompletion end) {
        DeviceFault fault = wrong(Asked.DURABLE_WRITE, ranges);
        if (fault == null) {
            return under.writeDurably(all, end);
        }
        if (fault.effect() == DeviceEffect.FLUSH_ERROR) {
            return under.writeDurably(all, _ -> end.ended(failure("flush")));
        }
        if (fault.effect() == DeviceEffect.LOST_WRITE) {
            List<Extent> rest = all.stream().filter(some -> !fault.touches(range(some))).toList();
            if (!rest.isEmpty()) {
                return under.writeDurably(rest, end);
            }
        }
        return endLater(one, endOfWrite(fault));
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
