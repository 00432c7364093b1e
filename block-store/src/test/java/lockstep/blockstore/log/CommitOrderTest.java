package lockstep.blockstore.log;

import static lockstep.blockstore.log.LogHarness.at;
import static lockstep.blockstore.log.LogHarness.volume;
import static lockstep.blockstore.log.LogHarness.write;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Timer;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogHarness.Heard;
import lockstep.blockstore.log.LogHarness.Replayed;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import java.util.stream.LongStream;

/// Two commits that are under way at once.
class CommitOrderTest {
    /// One that ends before an older one counts when that has ended, and a power cut in between
    /// leaves a torn tail and no damage.
    @Test
    void commitsCountInTheOrderInWhichTheyBegan() {
        int overtaken = 0;
        for (long seed = 1; seed <= 40; seed++) {
            LogHarness world = new LogHarness(seed, 24);
            Heard told = new Heard();
            LogStream stream = world.fresh(1, told);
            Timer commits = world.metrics.timer("log.commit.time");
            for (int i = 1; i <= 2; i++) {
                int sequence = i;
                long before = world.device.writesSubmitted();
                world.loop.call(() -> stream.append(1, write(at(sequence), 512)));
                world.simulation.runUntil(() -> world.device.writesSubmitted() > before);
            }
            world.simulation.runUntil(() -> commits.getCount() > 0);
            if (!told.durable.isEmpty()) {
                continue;
            }
            overtaken++;
            if (seed % 2 == 0) {
                world.simulation.runUntilIdle();
                assertThat(told.durable).containsExactly(at(2));
            } else {
                world.crash();
                Replayed replayed = world.replay(1, 1);
                assertThat(replayed.verdict).matches(v -> v != null && v.replays());
                long last = replayed.sequences.size();
                assertThat(replayed.sequences)
                        .isEqualTo(LongStream.rangeClosed(1, last).boxed().toList());
                world.commit(world.log().stream(volume(1)), 2, 3, 1, 512);
                world.crash();
                assertThat(world.replay(1, 1).sequences).endsWith(3L);
            }
        }
        assertThat(overtaken).isGreaterThan(5);
        System.out.println(overtaken + " of 40 commits ended before an older one");
    }

    /// Whichever of two fails, and whichever ends first: what was told of before stays, the failure
    /// comes once, and nothing comes after it.
    @Test
    void afterAFailureNoCommitCountsAlsoNoneThatWasUnderWay() {
        int olderWasGivenUp = 0;
        for (long seed = 1; seed <= 60; seed++) {
            LogHarness world = new LogHarness(seed, 24);
            List<String> told = new ArrayList<>();
            LogStream stream = world.fresh(1, new Heard());
            stream.listen(
                    new LogStream.Listener() {
                        @Override
                        public void durable(Position upTo) {
                            told.add("durable " + upTo.sequence());
                        }

                        @Override
                        public void failed(IoFault fault) {
                            told.add("failed");
                        }
                    });
            int[] ended = {0};
            int failing = (int) (seed % 4);
            for (int i = 1; i <= 2; i++) {
                int sequence = i;
                long before = world.device.writesSubmitted();
                world.loop.call(() -> stream.append(1, write(at(sequence), 512)));
                world.simulation.runUntil(() -> world.device.writesSubmitted() > before);
            }
            world.device.faults().failWhen(() -> ended[0]++ == failing);
            world.simulation.runUntilIdle();
            assertThat(told).isIn(List.of("failed"), List.of("durable 1", "failed"));
            olderWasGivenUp += told.size() == 1 ? 1 : 0;
            world.commit(stream, 1, 3, 1, 512);
            assertThat(told).endsWith("failed");
        }
        assertThat(olderWasGivenUp).isBetween(10, 59);
    }

    /// It waits for what is under way, and then goes as one; where another volume does not wait, it
    /// goes with that.
    @Test
    void aPatientStreamWaitsUntilNoCommitIsUnderWay() {
        LogHarness world = new LogHarness(1, 24);
        Heard heard = new Heard();
        LogStream patient = world.fresh(1, new Heard());
        patient.listenPatiently(heard);
        LogStream other = world.fresh(2, new Heard());
        Timer commits = world.metrics.timer("log.commit.time");
        LongSupplier writes = world.device::writesSubmitted;

        long before = writes.getAsLong();
        world.loop.call(() -> patient.append(1, write(at(1), 512)));
        world.simulation.runUntil(() -> writes.getAsLong() > before);
        world.loop.call(() -> patient.append(1, write(at(2), 512)));
        world.loop.call(() -> patient.append(1, write(at(3), 512)));
        world.simulation.runUntil(() -> writes.getAsLong() > before + 1);
        assertThat(commits.getCount()).isEqualTo(1);
        world.simulation.runUntilIdle();
        assertThat(heard.durable).containsExactly(at(1), at(3));

        world.loop.call(() -> patient.append(1, write(at(4), 512)));
        world.simulation.runUntil(() -> writes.getAsLong() > before + 2);
        world.loop.call(() -> patient.append(1, write(at(5), 512)));
        world.loop.call(() -> other.append(1, write(at(1), 512)));
        world.simulation.runUntil(() -> writes.getAsLong() > before + 3);
        assertThat(commits.getCount()).isEqualTo(2);
        world.simulation.runUntilIdle();
        assertThat(heard.durable).endsWith(at(4), at(5));
        assertThat(commits.getCount()).isEqualTo(4);
    }
}
