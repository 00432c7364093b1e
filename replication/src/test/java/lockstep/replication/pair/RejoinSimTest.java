package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.volume.Lun;
import lockstep.replication.role.RoleState;
import lockstep.replication.tail.TailFormat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;

/// Old sources that return, seed by seed: both nodes write alone, with checkpoints and crashes at
/// any moment; then one side is given up. What it had written stands in its tail, to the sector,
/// and is not in what the pair serves; it comes back by the difference, and images are equal
/// (invariants 3, 4 and 7, at each consistency point).
final class RejoinSimTest {
    private static final int SEEDS = Integer.getInteger("rejoin.seeds", 25);

    private long changes;
    private long crashes;

    @Test
    void whatAnOldSourceWroteAloneIsInItsTail() {
        Long only = Long.getLong("seed");
        long first = only == null ? 1 : only;
        long last = only == null ? SEEDS : only;
        for (long seed = first; seed <= last; seed++) {
            try {
                run(seed);
            } catch (AssertionError | RuntimeException violation) {
                throw new AssertionError("replay with -Dseed=" + seed, violation);
            }
        }
        System.out.printf(
                "rejoin: %d seeds, %d changes kept aside, %d crashes%n",
                last - first + 1, changes, crashes);
        assertThat(changes).isPositive();
    }

    private void run(long seed) {
        PairSimulation pair = new PairSimulation(seed);
        SplittableRandom random = new SplittableRandom(seed * 17);
        PairSetUp.run(pair);
        pair.workFor(20_000_000L + random.nextLong(60_000_000L));
        pair.b.events.clear();
        pair.network.cutBoth("a", "b");
        pair.goAlone(pair.a);
        TreeMap<Integer, Byte> own = new TreeMap<>();
        TreeMap<Integer, Byte> others = new TreeMap<>();
        writeAlone(pair, pair.a, random, own, 1);
        assertThat(pair.b.takeOver(true)).isNull();
        writeAlone(pair, pair.b, random, others, 101);
        if (random.nextInt(3) == 0) {
            crash(pair, pair.a, random);
        }
        pair.network.heal();
        pair.await(
                () ->
                        pair.a.replica != null
                                && pair.a.replica.status().state() == RoleState.DIVERGED,
                "both have written alone");
        pair.a.loop.call(() -> pair.a.replica.discard(_ -> {}));
        if (random.nextBoolean()) {
            pair.simulation.runFor(random.nextLong(30_000_000L));
            crash(pair, random.nextInt(3) == 0 ? pair.b : pair.a, random);
        }
        // A crash before the operator's word was durable leaves it to be said again.
        pair.await(
                () -> {
                    if (pair.a.replica != null
                            && pair.a.replica.status().state() == RoleState.DIVERGED) {
                        pair.a.loop.call(() -> pair.a.replica.discard(_ -> {}));
                    }
                    return isInSync(pair);
                },
                "in sync again");
        check(pair, own, others);
    }

    private static boolean isInSync(PairSimulation pair) {
        return pair.a.replica != null
                && pair.b.replica != null
                && pair.b.replica.status().state() == RoleState.IN_SYNC;
    }

    private void crash(PairSimulation pair, SimNode node, SplittableRandom random) {
        crashes++;
        pair.crash(node, random.nextBoolean());
        pair.abandonOutstanding();
        pair.simulation.runFor(random.nextLong(100_000_000L));
        node.start();
    }

    private static void writeAlone(
            PairSimulation pair,
            SimNode node,
            SplittableRandom random,
            Map<Integer, Byte> written,
            int firstValue) {
        int count = 1 + random.nextInt(40);
        for (int i = 0; i < count; i++) {
            int sector = random.nextInt(PairSimulation.LUN_BLOCKS * 8 - 24);
            int sectors = 1 + random.nextInt(24);
            byte value = (byte) (firstValue + i);
            byte[] bytes = new byte[sectors * Blocks.SECTOR];
            java.util.Arrays.fill(bytes, value);
            boolean[] done = new boolean[1];
            Lun lun = node.replica.active().luns().getFirst();
            node.loop.call(
                    () ->
                            lun.write(
                                    (long) sector * Blocks.SECTOR,
                                    IoBuffer.unpooled(ByteBuffer.wrap(bytes)),
                                    outcome -> done[0] = outcome.isDone()));
            pair.await(() -> done[0], "written alone");
            for (int s = sector; s < sector + sectors; s++) {
                written.put(s, value);
            }
            if (random.nextInt(8) == 0) {
                boolean[] committed = new boolean[1];
                node.loop.call(() -> node.replica.active().checkpoint(() -> committed[0] = true));
                pair.await(() -> committed[0], "an image of its own");
            }
        }
    }

    private void check(PairSimulation pair, Map<Integer, Byte> own, Map<Integer, Byte> others) {
        assertThat(pair.a.tails.kept).isNotEmpty();
        List<TailFormat.Part> tail = pair.a.tails.kept.getFirst();
        assertThat(tail.getLast()).isEqualTo(new TailFormat.End(tail.size() - 2));
        changes += tail.size() - 2;
        TreeMap<Integer, Byte> kept = new TreeMap<>();
        for (TailFormat.Part record : tail) {
            if (record instanceof TailFormat.Range range && range.lun() == 0) {
                for (int at = 0; at < range.bytes(); at += Blocks.SECTOR) {
                    int sector = (int) ((range.offset() + at) / Blocks.SECTOR);
                    kept.put(sector, range.data().hasRemaining() ? range.data().get(at) : 0);
                }
            }
        }
        own.forEach((sector, value) -> assertThat(kept).containsEntry(sector, value));
        others.forEach(
                (sector, value) ->
                        assertThat(read(pair, sector)).as("at %d", sector).isEqualTo(value));
        assertThat(pair.b.events)
                .noneMatch(event -> event.startsWith("resync: there is no common"));
    }

    private static byte read(PairSimulation pair, int sector) {
        ByteBuffer into = ByteBuffer.allocate(Blocks.SECTOR);
        boolean[] ended = {true};
        boolean[] done = new boolean[1];
        pair.await(
                () -> {
                    if (ended[0] && !done[0]) {
                        ended[0] = false;
                        Lun lun = pair.b.replica.active().luns().getFirst();
                        pair.b.loop.call(
                                () ->
                                        lun.read(
                                                (long) sector * Blocks.SECTOR,
                                                into,
                                                outcome -> {
                                                    ended[0] = true;
                                                    done[0] = outcome.isDone();
                                                }));
                    }
                    return done[0];
                },
                "read");
        return into.get(0);
    }
}
