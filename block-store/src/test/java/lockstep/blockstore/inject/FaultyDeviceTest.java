package lockstep.blockstore.inject;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.io.Pending;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/// Each fault on a simulated device, which watches that its caller keeps the contract.
@NullUnmarked
class FaultyDeviceTest {
    private static final int BLOCK = Blocks.SIZE;
    private static final long SECOND = 1_000_000_000;

    private final Simulation simulation = new Simulation(1);
    private final SimDevice under = new SimDevice(simulation, "disk", 1 << 20);
    private final SimEventLoop loop = simulation.newLoop("node");
    private final List<String> told = new ArrayList<>();
    private final FaultPlan plan =
            new FaultPlan(
                    loop,
                    simulation.random()::nextLong,
                    new FaultPlan.Node() {
                        @Override
                        public void begins(ArmedFault fault) {
                            told.add(fault.fault().text());
                        }

                        @Override
                        public void crash(String point) {
                            told.add("crash " + point);
                        }

                        @Override
                        public void stall(long nanos) {
                            told.add("stall " + nanos);
                        }
                    });
    private final BlockDevice disk = FaultyDevice.disk(under, plan);
    private final BlockDevice log = FaultyDevice.log(under, plan);
    private final List<@Nullable IoFault> ended = new ArrayList<>();

    @BeforeEach
    void attach() {
        under.attach(loop);
    }

    private static Extent extent(long block, int fill, int blocks) {
        byte[] bytes = new byte[blocks * BLOCK];
        Arrays.fill(bytes, (byte) fill);
        return new Extent(block * BLOCK, List.of(ByteBuffer.wrap(bytes)));
    }

    private ArmedFault set(DeviceEffect effect, long block, long blocks, Firing firing) {
        long length = blocks == 0 ? DeviceFault.TO_THE_END : blocks * BLOCK;
        var fault = new DeviceFault(effect, "disk", block * BLOCK, length, SECOND);
        ArmedFault[] armed = new ArmedFault[1];
        loop.call(() -> armed[0] = plan.set(fault, firing, 0));
        return armed[0];
    }

    private Pending begin(Function<IoCompletion, Pending> operation) {
        Pending[] begun = new Pending[1];
        int before = ended.size();
        loop.call(() -> begun[0] = operation.apply(ended::add));
        assertThat(ended).as("no completion inside the call").hasSize(before);
        return begun[0];
    }

    private @Nullable IoFault run(Function<IoCompletion, Pending> operation) {
        ended.clear();
        begin(operation);
        simulation.runUntilIdle();
        assertThat(ended).as("ended once").hasSize(1);
        return ended.getFirst();
    }

    private static String reason(@Nullable IoFault fault) {
        return fault == null ? "" : fault.operation() + ": " + fault.reason();
    }

    private int byteAt(long block) {
        return under.peek(block * BLOCK, 1)[0];
    }

    @Test
    void withoutAFaultItIsTheDeviceBelow() {
        assertThat(run(done -> disk.write(extent(1, 7, 2), done))).isNull();
        assertThat(run(disk::flush)).isNull();
        Extent into = extent(2, 0, 1);
        assertThat(run(done -> disk.read(into, done))).isNull();
        assertThat(into.buffers().getFirst().get(9)).isEqualTo((byte) 7);
        assertThat(run(done -> log.writeDurably(List.of(extent(4, 3, 1)), done))).isNull();
        assertThat(run(done -> disk.punch(BLOCK, 2 * BLOCK, done))).isNull();
        assertThat(byteAt(1)).isZero();
        assertThat(byteAt(4)).isEqualTo(3);
        assertThat(disk.name()).isEqualTo("disk");
        assertThat(disk.size()).isEqualTo(1 << 20);
        assertThat(told).isEmpty();
    }

    @Test
    void readsFailInTheirRangeAsOftenAsAskedAfterThoseThatPass() {
        ArmedFault armed = set(DeviceEffect.READ_ERROR, 8, 2, new Firing(1, 1, 2));
        assertThat(run(done -> disk.read(extent(9, 0, 4), done))).as("passes").isNull();
        assertThat(run(done -> disk.read(extent(10, 0, 1), done))).as("beside it").isNull();
        for (int i = 0; i < 2; i++) {
            assertThat(reason(run(done -> disk.read(extent(0, 0, 9), done))))
                    .isEqualTo("read: injected error");
        }
        assertThat(armed.isSpent()).isTrue();
        assertThat(run(done -> disk.read(extent(8, 0, 1), done))).isNull();
        assertThat(run(done -> disk.write(extent(8, 1, 1), done))).isNull();
        assertThat(armed.fired()).isEqualTo(2);
        assertThat(told).containsExactly("read-error on disk from byte 32768, 8192 bytes");
        assertThat(armed.firing()).hasToString("2 times, after 1");
        assertThat(new Firing(0, 4, 0)).hasToString("always, one in 4");
        assertThat(Firing.ONCE).hasToString("once");
    }

    @Test
    void oneInSoManyFailsAndTheOthersDoNot() {
        ArmedFault armed = set(DeviceEffect.READ_ERROR, 0, 0, new Firing(0, 4, 0));
        int failed = 0;
        for (int i = 0; i < 200; i++) {
            failed += run(done -> disk.read(extent(0, 0, 1), done)) == null ? 0 : 1;
        }
        assertThat(armed.fired()).isEqualTo(failed).isBetween(25L, 80L);
    }

    @Test
    void aFailedWriteReachesNothingAndALostOneSaysThatItDid() {
        set(DeviceEffect.WRITE_ERROR, 0, 1, Firing.ONCE);
        assertThat(reason(run(done -> disk.write(extent(0, 1, 1), done)))).startsWith("write: ");
        set(DeviceEffect.LOST_WRITE, 2, 1, Firing.ONCE);
        Extent kept = extent(5, 5, 1);
        assertThat(run(done -> disk.writeDurably(List.of(extent(2, 2, 1), kept), done))).isNull();
        set(DeviceEffect.LOST_WRITE, 0, 0, Firing.ONCE);
        assertThat(run(done -> disk.write(extent(3, 3, 1), done))).isNull();
        set(DeviceEffect.WRITE_ERROR, 0, 0, Firing.ONCE);
        assertThat(run(done -> disk.punch(5 * BLOCK, BLOCK, done))).isNotNull();
        for (int block : new int[] {0, 2, 3}) {
            assertThat(byteAt(block)).as("block " + block).isZero();
        }
        assertThat(byteAt(5)).isEqualTo(5);
        set(DeviceEffect.NO_SPACE, 0, 0, Firing.ONCE);
        assertThat(run(done -> disk.write(extent(3, 3, 1), done)).isOutOfSpace()).isTrue();
        assertThat(byteAt(3)).isZero();
    }

    @Test
    void aTornWriteReachesTheMediumWithItsFirstHalf() {
        assertThat(run(done -> disk.write(extent(0, 8, 4), done))).isNull();
        set(DeviceEffect.TORN_WRITE, 2, 1, new Firing(0, 1, 2));
        assertThat(run(done -> disk.write(extent(2, 5, 1), done))).isNull();
        assertThat(under.peek(2 * BLOCK, BLOCK / 2)).containsOnly(5);
        assertThat(under.peek(2 * BLOCK + BLOCK / 2, BLOCK / 2)).containsOnly(8);
        List<Extent> both = List.of(extent(0, 3, 1), extent(2, 6, 2));
        assertThat(run(done -> disk.writeDurably(both, done))).isNull();
        assertThat(byteAt(0)).as("beside it").isEqualTo(3);
        assertThat(byteAt(2)).isEqualTo(6);
        assertThat(byteAt(3)).isEqualTo(8);
        assertThat(told).containsExactly("torn-write on disk from byte 8192, 4096 bytes");
    }

    @Test
    void aTornWriteCanBeGivenUpBeforeItIsWritten() {
        set(DeviceEffect.TORN_WRITE, 0, 0, Firing.ONCE);
        Pending given = begin(done -> disk.write(extent(2, 5, 1), done));
        assertThat(given.abandon()).isTrue();
        simulation.runUntilIdle();
        assertThat(ended).isEmpty();
        assertThat(under.writesSubmitted()).isZero();
    }

    @Test
    void aMisdirectedWriteStandsBesideItsPlace() {
        long last = (1 << 20) / BLOCK - 1;
        assertThat(run(done -> disk.write(extent(3, 1, 1), done))).isNull();
        set(DeviceEffect.MISDIRECTED_WRITE, 0, 0, new Firing(0, 1, 3));
        assertThat(run(done -> disk.write(extent(3, 7, 1), done))).isNull();
        assertThat(run(done -> disk.write(extent(last, 9, 1), done))).isNull();
        Extent everything = extent(0, 4, (int) last + 1);
        assertThat(run(done -> disk.writeDurably(List.of(everything), done))).isNull();
        assertThat(byteAt(3)).isEqualTo(1);
        assertThat(byteAt(4)).isEqualTo(7);
        assertThat(byteAt(last - 1)).isEqualTo(9);
        assertThat(byteAt(last)).isZero();
    }

    @Test
    void aFailedFlushIsOneOfAFlushOrOfADurableWrite() {
        set(DeviceEffect.FLUSH_ERROR, 0, 0, new Firing(0, 1, 2));
        assertThat(run(done -> disk.write(extent(0, 1, 1), done))).isNull();
        assertThat(reason(run(disk::flush))).startsWith("flush: ");
        assertThat(reason(run(done -> disk.writeDurably(List.of(extent(1, 1, 1)), done))))
                .startsWith("flush: ");
        assertThat(run(disk::flush)).isNull();
    }

    @Test
    void oneBitFlipsWhereFaultAndReadMeetAndTheDiskKeepsIt() {
        assertThat(run(done -> disk.write(extent(0, 8, 4), done))).isNull();
        set(DeviceEffect.FLIP, 2, 1, Firing.ONCE);
        ByteBuffer first = ByteBuffer.allocate(BLOCK);
        ByteBuffer rest = ByteBuffer.allocate(2 * BLOCK);
        Extent into = new Extent(BLOCK, List.of(first, rest));
        assertThat(run(done -> disk.read(into, done))).isNull();
        assertThat(first.get(0)).isEqualTo((byte) 8);
        assertThat(rest.get(0)).isEqualTo((byte) 9);
        assertThat(rest.get(1)).isEqualTo((byte) 8);
        assertThat(run(done -> disk.read(into, done))).isNull();
        assertThat(rest.get(0)).isEqualTo((byte) 8);
    }

    @Test
    void whatIsSlowIsLateAndCanBeGivenUpMeanwhile() {
        ArmedFault armed = set(DeviceEffect.SLOW, 0, 0, new Firing(0, 1, 2));
        Pending given = begin(done -> disk.write(extent(0, 1, 1), done));
        begin(done -> disk.write(extent(1, 1, 1), done));
        simulation.runFor(SECOND / 2);
        assertThat(ended).isEmpty();
        assertThat(given.abandon()).isTrue();
        simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        assertThat(byteAt(0)).as("it never reached the device").isZero();
        assertThat(byteAt(1)).isEqualTo(1);
        assertThat(armed.waiting()).isZero();
        assertThat(given.abandon()).isTrue();
    }

    @Test
    void whatHangsGoesOnWhenTheFaultIsClearedOrItsTimeIsOver() {
        ArmedFault armed = set(DeviceEffect.HANG, 0, 1, Firing.ALWAYS);
        begin(done -> disk.write(extent(0, 1, 1), done));
        Pending given = begin(done -> disk.read(extent(0, 0, 1), done));
        begin(disk::flush);
        simulation.runFor(60 * SECOND);
        assertThat(ended).as("a flush is not in the range").hasSize(1);
        assertThat(armed.waiting()).isEqualTo(2);
        assertThat(given.abandon()).isTrue();
        loop.call(() -> assertThat(plan.clear(armed.id())).isTrue());
        simulation.runUntilIdle();
        assertThat(ended).containsExactly(null, null);
        assertThat(byteAt(0)).isEqualTo(1);
        loop.call(() -> assertThat(plan.clear(armed.id())).isFalse());
        var whole = new DeviceFault(DeviceEffect.HANG, "disk", 0, DeviceFault.TO_THE_END, 0);
        loop.call(() -> plan.set(whole, Firing.ALWAYS, 5 * SECOND));
        begin(disk::flush);
        simulation.runFor(4 * SECOND);
        assertThat(ended).hasSize(2);
        simulation.runUntilIdle();
        assertThat(ended).hasSize(3);
        assertThat(plan.isEmpty()).isTrue();
    }

    @Test
    void anotherDevicesFaultIsNotThisOnes() {
        var other = new DeviceFault(DeviceEffect.READ_ERROR, "other", 0, Long.MAX_VALUE, 0);
        loop.call(() -> plan.set(other, Firing.ALWAYS, 0));
        assertThat(run(done -> disk.read(extent(0, 0, 1), done))).isNull();
        loop.call(() -> assertThat(plan.clearAll()).isEqualTo(1));
    }

    @Test
    void aCrashBehindTheLogWriteLeavesItDurableAndUntold() {
        var crash = new PointFault.Crash(StorePoint.LOG_WRITTEN.label());
        loop.call(() -> plan.set(crash, new Firing(1, 1, 1), 0));
        assertThat(run(done -> log.writeDurably(List.of(extent(0, 1, 1)), done))).isNull();
        begin(done -> log.writeDurably(List.of(extent(1, 2, 1)), done));
        simulation.runUntilIdle();
        assertThat(ended).as("the second is not told").hasSize(1);
        assertThat(told).containsExactly("crash at log-written", "crash log-written");
        under.crash();
        assertThat(byteAt(1)).isEqualTo(2);
    }

    @Test
    void aHeldLogWriteIsDurableAndCanStillBeGivenUp() {
        ArmedFault[] armed = new ArmedFault[1];
        var hold = new PointFault.Hold(StorePoint.LOG_WRITTEN);
        loop.call(() -> armed[0] = plan.set(hold, Firing.ALWAYS, 0));
        Pending held = begin(done -> log.writeDurably(List.of(extent(0, 1, 1)), done));
        begin(done -> log.writeDurably(List.of(extent(1, 1, 1)), done));
        simulation.runUntilIdle();
        assertThat(ended).isEmpty();
        assertThat(armed[0].waiting()).isEqualTo(2);
        assertThat(held.abandon()).isTrue();
        loop.call(plan::clearAll);
        simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
    }

    @Test
    void beforeTheLogWriteNothingHasReachedTheDevice() {
        var crash = new PointFault.Crash(StorePoint.LOG_WRITE.label());
        loop.call(() -> plan.set(crash, Firing.ONCE, 0));
        begin(done -> log.writeDurably(List.of(extent(0, 1, 1)), done));
        simulation.runUntilIdle();
        assertThat(ended).isEmpty();
        assertThat(under.writesSubmitted()).isZero();
        assertThat(run(done -> disk.writeDurably(List.of(extent(0, 1, 1)), done))).isNull();
    }
}
