package lockstep.blockstore.sim;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.io.Clock;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class SimulationTest {
    private final Simulation simulation = new Simulation(7);
    private final SimEventLoop loop = simulation.newLoop("node");
    private final List<Integer> ran = new ArrayList<>();

    private static long hashOf(long seed) {
        Simulation world = new Simulation(seed);
        SimEventLoop loop = world.newLoop("node");
        for (int i = 0; i < 20; i++) {
            loop.execute(() -> loop.clock().schedule(world.between(0, 1000), () -> {}));
        }
        world.runUntilIdle();
        return world.traceHash();
    }

    @Test
    void sameSeedGivesTheSameTrace() {
        assertThat(hashOf(3)).isEqualTo(hashOf(3)).isNotEqualTo(hashOf(4));
    }

    @Test
    void tasksRunInOrderAndNeverInsideTheCall() {
        for (int i = 0; i < 100; i++) {
            int number = i;
            loop.execute(() -> ran.add(number));
        }
        assertThat(ran).isEmpty();
        simulation.runUntilIdle();
        assertThat(ran).hasSize(100).isSorted();
    }

    @Test
    void stoppedLoopRunsNothingAnyMore() {
        loop.execute(() -> ran.add(1));
        loop.clock().schedule(10, () -> ran.add(2));
        loop.stop();
        loop.execute(() -> ran.add(3));
        simulation.runUntilIdle();
        assertThat(ran).isEmpty();
    }

    @Test
    void pausedLoopCatchesUpInOrder() {
        loop.pause();
        loop.execute(() -> ran.add(1));
        loop.clock().schedule(10, () -> ran.add(2));
        simulation.runFor(1_000_000);
        assertThat(ran).isEmpty();
        loop.resume();
        simulation.runUntilIdle();
        assertThat(ran).containsExactly(1, 2);
    }

    @Test
    void cancelledTimerDoesNotRun() {
        Clock.Timer timer = loop.clock().schedule(10, () -> ran.add(1));
        timer.cancel();
        simulation.runUntilIdle();
        assertThat(ran).isEmpty();
    }

    @Test
    void fastClockFiresEarlyInTrueTime() {
        loop.simClock().drift(10_000);
        long[] firedAtNanos = new long[1];
        loop.clock().schedule(1_000_000_000, () -> firedAtNanos[0] = simulation.nowNanos());
        simulation.runUntilIdle();
        assertThat(firedAtNanos[0]).isBetween(985_000_000L, 995_000_000L);
    }

    @Test
    void runForLetsExactlyThatTimePass() {
        simulation.schedule(500, () -> ran.add(1));
        simulation.schedule(1500, () -> ran.add(2));
        simulation.runFor(1000);
        assertThat(simulation.nowNanos()).isEqualTo(1000);
        assertThat(ran).containsExactly(1);
    }

    @Test
    void invariantsAreCheckedAfterEveryEvent() {
        simulation.afterEveryEvent(() -> ran.add(0));
        simulation.schedule(1, () -> {});
        simulation.schedule(2, () -> {});
        simulation.runUntilIdle();
        assertThat(ran).hasSize(2);
    }
}
