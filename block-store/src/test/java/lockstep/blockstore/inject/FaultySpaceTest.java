package lockstep.blockstore.inject;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.sim.SimEventLoop;
import lockstep.blockstore.sim.Simulation;

import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// At each point of a space what lies before it has happened and what lies behind it has not.
@NullUnmarked
class FaultySpaceTest {
    private final Simulation simulation = new Simulation(1);
    private final SimEventLoop loop = simulation.newLoop("node");
    private final List<String> steps = new ArrayList<>();
    private final FaultPlan plan =
            new FaultPlan(
                    loop,
                    () -> 0,
                    new FaultPlan.Node() {
                        @Override
                        public void begins(ArmedFault fault) {}

                        @Override
                        public void crash(String point) {
                            steps.add("crash");
                        }

                        @Override
                        public void stall(long nanos) {
                            steps.add("stall");
                        }
                    });
    private @Nullable IoFault fault;

    /// Writes down what it is asked for and ends it at once.
    private final class Recorder implements BlockSpace, BlockSpace.Writer {
        private void end(String step, IoCompletion done) {
            steps.add(step);
            done.ended(fault);
        }

        @Override
        public long size() {
            return 9;
        }

        @Override
        public List<StripeSet> stripeSets() {
            return List.of();
        }

        @Override
        public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
            steps.add("read");
        }

        @Override
        public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
            steps.add("readRun");
        }

        @Override
        public Writer begin(CpId cp) {
            return this;
        }

        @Override
        public void commitRoot(long order, ByteBuffer root, IoCompletion done) {
            end("root", done);
        }

        @Override
        public void writeCopyState(long order, ByteBuffer state, IoCompletion done) {
            end("state", done);
        }

        @Override
        public void recover(CpId committed, IoCompletion done) {
            end("recover", done);
        }

        @Override
        public void put(long vbn, ByteBuffer content, int crc) {
            steps.add("put");
        }

        @Override
        public void writeOut(IoCompletion done) {
            end("write", done);
        }

        @Override
        public void flush(IoCompletion done) {
            end("flush", done);
        }

        @Override
        public void committed() {
            steps.add("committed");
        }

        @Override
        public void abandon(IoCompletion done) {
            end("abandon", done);
        }
    }

    private final BlockSpace space = new FaultySpace(new Recorder(), plan);

    private void tell(@Nullable IoFault end) {
        steps.add(end == null ? "told" : "failed");
    }

    private void runAll() {
        ByteBuffer none = ByteBuffer.allocate(0);
        loop.call(
                () -> {
                    BlockSpace.Writer writer = space.begin(CpId.NONE);
                    writer.put(1, none, 0);
                    writer.writeOut(this::tell);
                    writer.flush(this::tell);
                    space.commitRoot(1, none, this::tell);
                    writer.committed();
                    space.writeCopyState(1, none, this::tell);
                    space.recover(CpId.NONE, this::tell);
                });
    }

    private static final List<String> ALL =
            List.of(
                    "put",
                    "write",
                    "told",
                    "flush",
                    "told",
                    "root",
                    "told",
                    "committed",
                    "state",
                    "told",
                    "recover",
                    "told");

    /// How many steps have happened when a point is reached; all of them for those of the log.
    private static int before(StorePoint point) {
        return switch (point) {
            case CP_WRITE -> 1;
            case CP_FLUSH -> 3;
            case CP_SUPERBLOCK -> 5;
            case CP_COMMITTED -> 6;
            case STATE_RECORD -> 8;
            case STATE_RECORDED -> 9;
            case STRIPES_RECOVERY -> 10;
            case STRIPES_RECOVERED -> 11;
            case LOG_WRITE, LOG_WRITTEN -> ALL.size();
        };
    }

    @ParameterizedTest
    @EnumSource
    void aCrashComesBetweenWhatIsBeforeThePointAndWhatIsBehind(StorePoint point) {
        assertThat(StorePoint.of(point.label())).isEqualTo(point);
        plan.set(new PointFault.Crash(point.label()), Firing.ONCE, 0);
        runAll();
        int at = before(point);
        assertThat(steps.subList(0, at)).isEqualTo(ALL.subList(0, at));
        if (at < ALL.size()) {
            assertThat(steps.get(at)).isEqualTo("crash");
        } else {
            assertThat(steps).isEqualTo(ALL);
        }
    }

    @ParameterizedTest
    @EnumSource
    void aNodeThatStandsStillGoesOnFromThere(StorePoint point) {
        plan.set(new PointFault.Stall(point.label(), 5), Firing.ONCE, 0);
        runAll();
        List<String> all = new ArrayList<>(ALL);
        if (before(point) < ALL.size()) {
            all.add(before(point), "stall");
        }
        assertThat(steps).isEqualTo(all);
    }

    @ParameterizedTest
    @EnumSource
    void whatIsHeldGoesOnLater(StorePoint point) {
        ArmedFault armed = plan.set(new PointFault.Hold(point), Firing.ONCE, 0);
        runAll();
        boolean ofSpace = before(point) < ALL.size();
        assertThat(armed.waiting()).isEqualTo(ofSpace ? 1 : 0);
        assertThat(steps.size() < ALL.size()).isEqualTo(ofSpace);
        loop.call(plan::clearAll);
        simulation.runUntilIdle();
        assertThat(steps).containsExactlyInAnyOrderElementsOf(ALL);
    }

    @Test
    void whatFailsIsTold() {
        fault = new IoFault("d", "write", "broken");
        plan.set(new PointFault.Crash(StorePoint.CP_COMMITTED.label()), Firing.ONCE, 0);
        runAll();
        assertThat(steps).contains("failed").doesNotContain("crash", "told");
        assertThat(space.size()).isEqualTo(9);
        assertThat(StorePoint.of("nowhere")).isNull();
    }
}
