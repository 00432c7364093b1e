package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.LogHarness.Heard;
import lockstep.blockstore.log.LogHarness.Replayed;
import lockstep.blockstore.sim.Seeds;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// Invariants 1 and 8 of the log, over random loads, power cuts and kills: everything that was
/// reported durable is replayed, in order, byte for byte, and nothing else but a prefix of what was
/// appended after it. `-Dlog.seeds=N` runs more.
class LogCrashSimTest {
    private static final int VOLUMES = 3;

    /// One volume as its owner sees it.
    private static final class Model {
        final int number;
        final Heard heard = new Heard();
        // Appended in halves from the floor on and not known to be gone.
        final List<String> appended = new ArrayList<>();
        final List<Position> positions = new ArrayList<>();
        final List<Long> inHalf = new ArrayList<>();
        Epoch epoch = LogHarness.FIRST;
        Position acknowledged = Position.NONE;
        // Until the opening of the newest epoch is known to be durable, a crash may bring back what
        // it voids: the state before it.
        @Nullable Runnable undoOpening;
        Position opened = Position.NONE;
        String openedEntry = "";
        long sequence;
        long half = 1;
        long floor = 1;

        Model(int number) {
            this.number = number;
        }

        void add(LogEntry entry) {
            appended.add(LogHarness.describe(half, entry));
            positions.add(entry.position());
            inHalf.add(half);
        }

        void cutFrom(int index) {
            appended.subList(index, appended.size()).clear();
            positions.subList(index, positions.size()).clear();
            inHalf.subList(index, inHalf.size()).clear();
        }

        /// Remembers the state now, as what is left if the opening at `at` is lost.
        void beforeOpening(Position at, LogEntry opening, long openingHalf) {
            opened = at;
            openedEntry = LogHarness.describe(openingHalf, opening);
            List<String> appendedBefore = List.copyOf(appended);
            List<Position> positionsBefore = List.copyOf(positions);
            List<Long> inHalfBefore = List.copyOf(inHalf);
            undoOpening =
                    () -> {
                        cutFrom(0);
                        appended.addAll(appendedBefore);
                        positions.addAll(positionsBefore);
                        inHalf.addAll(inHalfBefore);
                        forgetBelowFloor();
                    };
        }

        /// A replay came without the opening, which was not acknowledged.
        void settleOpening(List<String> replayed) {
            boolean mayBeLost =
                    opened.compareTo(acknowledged) > 0 && appended.contains(openedEntry);
            if (undoOpening != null && mayBeLost && !replayed.contains(openedEntry)) {
                undoOpening.run();
            }
            undoOpening = null;
        }

        void forgetBelowFloor() {
            while (!inHalf.isEmpty() && inHalf.getFirst() < floor) {
                inHalf.removeFirst();
                appended.removeFirst();
                positions.removeFirst();
            }
        }
    }

    private static final class World {
        final LogHarness node;
        final List<Model> models = new ArrayList<>();

        World(long seed, boolean lyingDevice) {
            node = new LogHarness(seed, 60);
            if (lyingDevice) {
                node.device.faults().ignoreFlushes();
            }
            for (int i = 0; i < VOLUMES; i++) {
                models.add(new Model(i));
                LogStream _ = node.fresh(i, models.get(i).heard);
            }
        }

        void run() {
            for (int life = 0; life < 5; life++) {
                int steps = (int) node.simulation.between(1, 40);
                for (int i = 0; i < steps; i++) {
                    step(models.get(node.simulation.random().nextInt(VOLUMES)));
                }
                restart();
            }
        }

        private void step(Model model) {
            LogStream stream = node.log().stream(LogHarness.volume(model.number));
            node.loop.call(
                    () -> {
                        for (long n = node.simulation.between(1, 5); n > 0; n--) {
                            append(model, stream);
                        }
                        if (node.simulation.oneIn(6)) {
                            model.half += node.simulation.between(1, 2);
                        }
                        if (node.simulation.oneIn(6) && model.half - 2 >= model.floor) {
                            raiseFloor(model, stream);
                        }
                    });
            node.simulation.runFor(node.simulation.between(0, 400_000));
        }

        private void append(Model model, LogStream stream) {
            int sectors = (int) node.simulation.between(1, node.simulation.oneIn(20) ? 150 : 12);
            Position at = new Position(model.epoch, model.sequence + 1);
            LogEntry entry = LogHarness.write(at, sectors * 512);
            if (!stream.roomFor(model.half, EntryCodec.encodedLength(entry))) {
                model.half++;
                raiseFloor(model, stream);
                return;
            }
            model.sequence++;
            model.add(entry);
            stream.append(model.half, entry);
        }

        // The model's superblock is durable at once.
        private void raiseFloor(Model model, LogStream stream) {
            model.floor = model.half;
            model.forgetBelowFloor();
            stream.release(model.floor - 1);
        }

        private void restart() {
            for (Model model : models) {
                if (!model.heard.durable.isEmpty()) {
                    model.acknowledged = model.heard.durable.getLast();
                }
                model.heard.durable.clear();
            }
            if (node.simulation.oneIn(3)) {
                node.kill();
            } else {
                node.crash();
            }
            while (node.simulation.oneIn(4)) {
                crashDuringReplay();
            }
            for (Model model : models) {
                Replayed replayed = node.replay(model.number, model.floor);
                check(model, replayed);
                goOn(model, replayed);
            }
        }

        private void crashDuringReplay() {
            for (Model model : models) {
                Replayed cutShort = new Replayed();
                LogStream stream = node.log().stream(LogHarness.volume(model.number));
                node.loop.call(() -> stream.replay(model.floor, cutShort, cutShort));
            }
            node.simulation.runFor(node.simulation.between(0, 3_000_000));
            node.crash();
        }

        private void check(Model model, Replayed replayed) {
            model.settleOpening(replayed.entries);
            String where = "seed " + node.simulation.seed() + " volume " + model.number;
            assertThat(Objects.requireNonNull(replayed.verdict).replays())
                    .as("%s: %s", where, replayed.verdict)
                    .isTrue();
            int count = replayed.entries.size();
            assertThat(replayed.entries)
                    .as(where)
                    .hasSizeLessThanOrEqualTo(model.appended.size())
                    .isEqualTo(model.appended.subList(0, Math.min(count, model.appended.size())));
            long acknowledged =
                    model.positions.stream()
                            .filter(position -> position.compareTo(model.acknowledged) <= 0)
                            .count();
            assertThat((long) count).as(where).isGreaterThanOrEqualTo(acknowledged);
        }

        // Opens an epoch from the last replayed entry, sometimes from an earlier one.
        private void goOn(Model model, Replayed replayed) {
            LogStream stream = node.log().stream(LogHarness.volume(model.number));
            stream.listen(model.heard);
            model.cutFrom(replayed.entries.size());
            Position from = replayed.last;
            int kept = model.positions.size();
            if (kept > 1 && node.simulation.oneIn(3)) {
                kept = node.simulation.random().nextInt(kept - 1) + 1;
                from = model.positions.get(kept - 1);
            }
            model.epoch = model.epoch.next(0xA);
            model.half = replayed.highestHalf + 1;
            model.sequence = from.sequence() + 1;
            Position at = new Position(model.epoch, model.sequence);
            LogEntry opened = new LogEntry.EpochOpened(at, from);
            model.beforeOpening(at, opened, model.half);
            model.cutFrom(kept);
            node.loop.call(
                    () -> {
                        if (!stream.roomFor(model.half, EntryCodec.HEAD_BYTES)) {
                            raiseFloor(model, stream);
                        }
                        model.add(opened);
                        stream.append(model.half, opened);
                    });
        }
    }

    private static long run(long seed, boolean lyingDevice) {
        World world = new World(seed, lyingDevice);
        world.run();
        return world.node.simulation.traceHash();
    }

    @Test
    void everythingAcknowledgedIsReplayedAfterAnyCrash() {
        Seeds.of("log.seeds", 120)
                .forEach(
                        seed -> {
                            long _ = run(seed, false);
                        });
    }

    @Test
    void sameSeedGivesTheSameRun() {
        assertThat(run(17, false)).isEqualTo(run(17, false));
    }

    /// The alarm itself: a device that lies about its flushes must be found out.
    @Test
    void lyingDeviceIsCaught() {
        assertThatThrownBy(
                        () -> {
                            for (long seed = 0; seed < 20; seed++) {
                                long _ = run(seed, true);
                            }
                        })
                .isInstanceOf(AssertionError.class);
    }
}
