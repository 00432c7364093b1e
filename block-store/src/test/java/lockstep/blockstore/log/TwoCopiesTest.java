package lockstep.blockstore.log;

import static lockstep.blockstore.log.LogHarness.SEGMENT_BYTES;
import static lockstep.blockstore.log.LogHarness.at;
import static lockstep.blockstore.log.LogHarness.volume;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogHarness.Heard;
import lockstep.blockstore.log.LogHarness.Replayed;
import lockstep.blockstore.log.NvLog.OpenResult;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.LongStream;

/// A log with a copy on each of two devices: rows L1 and L3 where there is a second copy.
@NullUnmarked
class TwoCopiesTest {
    private static final int SEGMENTS = 12;
    private static final long BYTES = LogFormat.SEGMENTS_AT + (long) SEGMENTS * SEGMENT_BYTES;

    private Simulation simulation = new Simulation(3);
    private final List<SimDevice> devices = new ArrayList<>();
    private final Heard heard = new Heard();
    private SimEventLoop loop;
    private NvLog log;
    private OpenResult result;
    private static final long SECONDS_10 = 10_000_000_000L;

    private boolean acceptOne;
    private long half;

    private void begin(long seed) {
        simulation = new Simulation(seed);
        devices.clear();
        devices.add(new SimDevice(simulation, "a", BYTES));
        devices.add(new SimDevice(simulation, "b", BYTES));
        newLoop();
        List<IoFault> ended = new ArrayList<>();
        loop.call(
                () ->
                        NvLog.format(
                                devices.get(0),
                                devices.get(1),
                                SEGMENT_BYTES,
                                simulation.random()::nextLong,
                                ended::add));
        simulation.runUntilIdle();
        assertThat(ended).containsExactly((IoFault) null);
        open(0, 1);
    }

    private void newLoop() {
        loop = simulation.newLoop("node");
        devices.forEach(device -> device.attach(loop));
    }

    private void open(int... which) {
        List<BlockDevice> given = new ArrayList<>();
        for (int i : which) {
            given.add(devices.get(i));
        }
        result = null;
        loop.call(
                () ->
                        NvLog.open(
                                given,
                                acceptOne,
                                loop,
                                simulation.random()::nextLong,
                                new MetricRegistry(),
                                found -> result = found));
        simulation.runUntilIdle();
        log = result instanceof OpenResult.Opened(NvLog opened) ? opened : null;
    }

    private Replayed replay() {
        Replayed replayed = new Replayed();
        loop.call(() -> log.stream(volume(1)).replay(1, replayed, replayed));
        simulation.runUntilIdle();
        log.stream(volume(1)).listen(heard);
        half = replayed.highestHalf + 1;
        return replayed;
    }

    private void commit(long from, long to, int bytes) {
        for (long sequence = from; sequence <= to; sequence++) {
            long now = sequence;
            loop.call(() -> log.stream(volume(1)).append(half, LogHarness.write(at(now), bytes)));
            simulation.runUntilIdle();
        }
    }

    private void restart(boolean powerCut, int... which) {
        loop.stop();
        if (powerCut) {
            devices.forEach(SimDevice::crash);
        }
        newLoop();
        open(which);
    }

    private List<String> states() {
        return log.devices().stream().map(NvLog.CopyState::state).toList();
    }

    private static List<Long> upTo(long last) {
        return LongStream.rangeClosed(1, last).boxed().toList();
    }

    @Test
    void bothHoldEverything() {
        begin(1);
        replay();
        commit(1, 20, 3072);
        assertThat(heard.durable.getLast()).isEqualTo(at(20));
        for (long offset = LogFormat.SEGMENTS_AT; offset < BYTES; offset += Blocks.SIZE) {
            assertThat(devices.get(0).borrowBlock(offset))
                    .isEqualTo(devices.get(1).borrowBlock(offset));
        }
        restart(true, 0, 1);
        assertThat(states()).containsExactly("", "");
        assertThat(replay().sequences).isEqualTo(upTo(20));
    }

    @Test
    void l1TheLogGoesOnWithTheCopyThatIsLeft() {
        for (int bad = 0; bad < 2; bad++) {
            begin(bad);
            replay();
            commit(1, 5, 3072);
            devices.get(bad).faults().failFlushes();
            commit(6, 10, 3072);
            assertThat(heard.durable.getLast()).isEqualTo(at(10));
            assertThat(heard.faults).isEmpty();
            assertThat(states().get(bad)).isEqualTo("flush error");
            assertThat(states().get(1 - bad)).isEmpty();
            // The one that is left knows that it is alone.
            devices.get(bad).faults().failAll("gone");
            restart(true, 0, 1);
            assertThat(states().get(bad)).isEqualTo("gone");
            assertThat(replay().sequences).isEqualTo(upTo(10));
            commit(11, 12, 3072);
            restart(true, 1 - bad);
            assertThat(replay().sequences).isEqualTo(upTo(12));
        }
    }

    /// A device that hangs ends nothing: it is as good as failed where the other answers.
    @Test
    void l1ACopyThatDoesNotAnswerIsLeftBehind() {
        for (int bad = 0; bad < 2; bad++) {
            begin(bad);
            replay();
            log.patience(SECONDS_10);
            commit(1, 5, 3072);
            devices.get(bad).faults().hang();
            loop.call(() -> log.stream(volume(1)).append(half, LogHarness.write(at(6), 3072)));
            simulation.runFor(SECONDS_10 / 2);
            assertThat(states()).containsExactly("", "");
            assertThat(heard.durable.getLast()).isEqualTo(at(5));
            simulation.runFor(SECONDS_10);
            assertThat(states().get(bad)).startsWith("it did not answer for 1");
            assertThat(states().get(1 - bad)).isEmpty();
            assertThat(heard.durable.getLast()).isEqualTo(at(6));
            commit(7, 10, 3072);
            // What it does later with what it was given is not believed.
            devices.get(bad).answerAgain();
            simulation.runUntilIdle();
            assertThat(heard.faults).isEmpty();
            restart(true, 0, 1);
            assertThat(replay().sequences).isEqualTo(upTo(10));
        }
    }

    /// Where no other answers it is waited for, and named.
    @Test
    void l1ALogThatDoesNotAnswerIsNamed() {
        for (int absent = 0; absent < 2; absent++) {
            begin(3 + absent);
            replay();
            log.patience(SECONDS_10);
            commit(1, 5, 3072);
            devices.get(absent).faults().failAll("gone");
            commit(6, 7, 3072);
            devices.get(1 - absent).faults().hang();
            loop.call(() -> log.stream(volume(1)).append(half, LogHarness.write(at(8), 3072)));
            simulation.runFor(2 * SECONDS_10);
            assertThat(states().get(1 - absent)).startsWith("it has not answered for ");
            assertThat(heard.durable.getLast()).isEqualTo(at(7));
            // A node that stood still itself blames nobody.
            devices.get(1 - absent).answerAgain();
            simulation.runFor(SECONDS_10);
            assertThat(states().get(1 - absent)).isEmpty();
            assertThat(heard.durable.getLast()).isEqualTo(at(8));
            loop.call(() -> log.stream(volume(1)).append(half, LogHarness.write(at(9), 3072)));
            loop.pause();
            simulation.runFor(5 * SECONDS_10);
            loop.resume();
            simulation.runFor(SECONDS_10);
            assertThat(states().get(1 - absent)).isEmpty();
            assertThat(heard.durable.getLast()).isEqualTo(at(9));
        }
    }

    @Test
    void l1ACopyThatWasLeftBehindIsMadeAnewAndThenCounts() {
        for (int bad = 0; bad < 2; bad++) {
            begin(10 + bad);
            replay();
            commit(1, 5, 3072);
            devices.get(bad).faults().failFlushes();
            commit(6, 10, 3072);
            devices.get(bad).faults().heal();
            restart(true, 0, 1);
            assertThat(states()).containsExactly("", "");
            assertThat(replay().sequences).isEqualTo(upTo(10));
            commit(11, 12, 3072);
            devices.get(1 - bad).faults().failAll("gone");
            commit(13, 14, 3072);
            assertThat(heard.durable.getLast()).isEqualTo(at(14));
            restart(true, bad);
            assertThat(replay().sequences).isEqualTo(upTo(14));
        }
    }

    @Test
    void l1ABlankDeviceBecomesTheSecondCopy() {
        begin(20);
        replay();
        commit(1, 5, 3072);
        devices.get(1).faults().failAll("gone");
        commit(6, 7, 3072);
        devices.set(1, new SimDevice(simulation, "new", BYTES));
        restart(true, 0, 1);
        assertThat(states()).containsExactly("", "");
        assertThat(replay().sequences).isEqualTo(upTo(7));
        devices.get(0).faults().failAll("gone");
        commit(8, 8, 3072);
        restart(true, 1);
        assertThat(replay().sequences).isEqualTo(upTo(8));
    }

    @Test
    void aLogWithOneCopyGetsASecondOne() {
        begin(21);
        loop.call(
                () ->
                        NvLog.format(
                                devices.get(0),
                                SEGMENT_BYTES,
                                simulation.random()::nextLong,
                                _ -> {}));
        simulation.runUntilIdle();
        devices.set(1, new SimDevice(simulation, "new", BYTES));
        restart(false, 0);
        replay();
        commit(1, 4, 3072);
        restart(true, 0, 1);
        assertThat(states()).containsExactly("", "");
        assertThat(replay().sequences).isEqualTo(upTo(4));
    }

    @Test
    void l1BothGoneMeansNothingIsDurable() {
        begin(22);
        replay();
        commit(1, 3, 3072);
        devices.forEach(device -> device.faults().failAll("gone"));
        commit(4, 4, 3072);
        assertThat(heard.durable.getLast()).isEqualTo(at(3));
        assertThat(heard.faults).hasSize(1);
    }

    /// It could be the one that was left behind.
    @Test
    void l5OneOfTwoCopiesIsRefusedWithoutTheOther() {
        begin(23);
        replay();
        commit(1, 3, 3072);
        devices.get(1).faults().failFlushes();
        commit(4, 6, 3072);
        devices.get(1).faults().heal();
        restart(true, 1);
        assertThat(result).isInstanceOf(OpenResult.NotALog.class);
        devices.get(0).faults().failAll("gone");
        restart(true, 0, 1);
        assertThat(result).isInstanceOf(OpenResult.NotALog.class);
        acceptOne = true;
        restart(true, 0, 1);
        assertThat(replay().sequences).isEqualTo(upTo(3));
    }

    @Test
    void l5TwoDifferentLogsAreRefused() {
        begin(24);
        SimDevice other = devices.get(1);
        begin(25);
        SimDevice foreign = new SimDevice(simulation, "foreign", BYTES);
        foreign.attach(loop);
        for (long offset = 0; offset < BYTES; offset += Blocks.SIZE) {
            foreign.poke(offset, other.peek(offset, Blocks.SIZE));
        }
        devices.set(1, foreign);
        restart(true, 0, 1);
        assertThat(result).isInstanceOf(OpenResult.NotALog.class);
        assertThat(result.toString()).contains("two different logs");
    }

    @Test
    void l3DamageInTheMiddleIsTakenFromTheOtherCopy() {
        for (int bad = 0; bad < 2; bad++) {
            for (int kind = 0; kind < 4; kind++) {
                begin(30 + bad * 4 + kind);
                replay();
                commit(1, 12, 3072);
                SimDevice device = devices.get(bad);
                long segment = LogFormat.SEGMENTS_AT;
                switch (kind) {
                    case 0 -> device.corrupt(segment + 4 * Blocks.SIZE + 300);
                    case 1 -> device.overwriteWithNoise(segment, SEGMENT_BYTES);
                    case 2 -> device.faults().markUnreadable(segment, SEGMENT_BYTES);
                    default -> device.poke(segment + 3 * Blocks.SIZE, new byte[Blocks.SIZE]);
                }
                restart(true, 0, 1);
                Replayed replayed = replay();
                assertThat(replayed.sequences).as("kind %d", kind).isEqualTo(upTo(12));
                // It is mended, so the other may go now.
                devices.get(1 - bad).faults().failAll("gone");
                commit(13, 13, 3072);
                restart(true, bad);
                assertThat(replay().sequences).as("kind %d", kind).isEqualTo(upTo(13));
            }
        }
    }

    @Test
    void l3DamageInBothCopiesIsRefusedWithItsRange() {
        begin(50);
        replay();
        commit(1, 12, 512);
        devices.forEach(device -> device.corrupt(LogFormat.SEGMENTS_AT + 4 * Blocks.SIZE + 300));
        restart(true, 0, 1);
        assertThat(replay().verdict).isEqualTo(new LogVerdict.Damaged(1, at(3), at(4)));
    }

    /// Whatever a power cut leaves of the two, acknowledged entries are found, and what was found
    /// once is found again with either copy alone.
    @Test
    void crashesLeaveTheSameOnBoth() {
        for (long seed = 100; seed < 160; seed++) {
            begin(seed);
            replay();
            long last = simulation.between(3, 30);
            commit(1, last, (int) simulation.between(1, 10) * 512);
            long acknowledged = heard.durable.getLast().sequence();
            long next = last + 1;
            loop.call(
                    () -> {
                        for (int i = 0; i < 3; i++) {
                            log.stream(volume(1))
                                    .append(half, LogHarness.write(at(next + i), 9216));
                        }
                    });
            simulation.runFor(simulation.between(0, 700_000));
            restart(true, 0, 1);
            List<Long> found = replay().sequences;
            assertThat(found.size()).as("seed %d", seed).isGreaterThanOrEqualTo((int) acknowledged);
            assertThat(found).isEqualTo(upTo(found.size()));
            acceptOne = true;
            restart(simulation.oneIn(2), (int) (seed % 2));
            assertThat(replay().sequences).as("seed %d", seed).isEqualTo(found);
            acceptOne = false;
            heard.durable.clear();
        }
    }
}
