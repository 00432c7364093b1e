package lockstep.cli.e2e.net;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.verify.History;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/// Source, mirror and hosts in network namespaces of their own, and every fault of the wires
/// between them in every situation of the pair. In each cell: no two nodes acknowledge at the same
/// time, one order of all operations explains what hosts saw (nothing acknowledged is lost, nothing
/// stale is read), the pair is in sync again within 30 seconds of healing, and writes go on.
///
/// One cell by default; `-Dpartition.full=true` for all of them, `-Dpartition.only=TEXT` for those
/// whose name has that in it, `-Dpartition.lanes=2` pairs side by side.
final class PartitionTest {
    private static final int MOST_FAILURES = 4;

    @TempDir Path temporary;

    private final List<Lane.Outcome> outcomes = Collections.synchronizedList(new ArrayList<>());
    private final List<String> failures = Collections.synchronizedList(new ArrayList<>());
    private final List<History.Counts> counts = Collections.synchronizedList(new ArrayList<>());

    @Test
    void noFaultOfTheNetworkLosesAnythingAcknowledged() throws Exception {
        Network.need();
        Network.sweep();
        List<Cell> cells = Boolean.getBoolean("partition.full") ? Cell.all() : Cell.few();
        String only = System.getProperty("partition.only", "");
        long seed = Long.getLong("seed", System.nanoTime());
        System.out.println("partitions: seed " + seed);
        SplittableRandom random = new SplittableRandom(seed);
        List<Cell> order = new ArrayList<>();
        for (Cell cell : cells) {
            if (cell.toString().contains(only)) {
                order.add(random.nextInt(order.size() + 1), cell);
            }
        }
        Queue<Cell> queue = new ConcurrentLinkedQueue<>(order);
        int lanes = Math.min(order.size(), Integer.getInteger("partition.lanes", 2));
        List<Thread> threads = new ArrayList<>();
        for (int lane = 0; lane < lanes; lane++) {
            int number = lane;
            long own = random.nextLong();
            threads.add(Thread.ofPlatform().start(() -> lane(number, queue, own)));
        }
        for (Thread thread : threads) {
            thread.join();
        }
        tell();
        assertThat(failures).isEmpty();
        assertThat(outcomes).hasSameSizeAs(order);
    }

    // A pair in which something went wrong is not used again: the next one goes on.
    private void lane(int number, Queue<Cell> cells, long seed) {
        int pairs = 0;
        while (!cells.isEmpty() && failures.size() < MOST_FAILURES) {
            Path directory = place().resolve("lane" + number + "-" + pairs++);
            try (Network network = new Network(number)) {
                network.amongHosts(
                        () -> {
                            try (Lane lane = new Lane(network, directory, number % 2 == 1, seed)) {
                                all(lane, cells);
                            }
                            return directory;
                        });
            } catch (Exception | AssertionError e) {
                failures.add("lane " + number + ": " + e);
                e.printStackTrace(System.out);
            }
        }
    }

    private Path place() {
        String kept = System.getProperty("partition.keep", "");
        return kept.isEmpty() ? temporary : Path.of(kept);
    }

    private void all(Lane lane, Queue<Cell> cells) {
        Cell cell = cells.poll();
        try {
            while (cell != null) {
                Lane.Outcome outcome = lane.run(cell);
                System.out.println("passed " + outcome);
                outcomes.add(outcome);
                cell = cells.poll();
            }
        } catch (Exception | AssertionError e) {
            failures.add(cell + ": " + e);
            System.out.println("FAILED " + cell + "\n" + lane.tale());
            e.printStackTrace(System.out);
        }
        counts.add(lane.history().counts());
    }

    private void tell() {
        Map<String, Map<Situation, Lane.Outcome>> rows = new TreeMap<>();
        for (Lane.Outcome outcome : outcomes) {
            rows.computeIfAbsent(outcome.cell().rowName(), _ -> new TreeMap<>())
                    .put(outcome.cell().situation(), outcome);
        }
        StringBuilder table = new StringBuilder();
        table.append("seconds from healing to in sync; > the volume has moved to the other node\n");
        table.append("%-40s".formatted(""));
        for (Situation situation : Situation.values()) {
            table.append("%11s".formatted(situation));
        }
        table.append("   link lost after\n");
        rows.forEach((name, row) -> table.append(line(name, row)));
        long operations = counts.stream().mapToLong(History.Counts::operations).sum();
        long writes = counts.stream().mapToLong(History.Counts::acked).sum();
        long unknown = counts.stream().mapToLong(History.Counts::unknown).sum();
        table.append(
                ("%d cells: %d operations, %d writes acknowledged, %d of unknown end;"
                                + " 0 lost, 0 stale, 0 by two nodes at once in them; %d failed%n")
                        .formatted(outcomes.size(), operations, writes, unknown, failures.size()));
        System.out.print(table);
    }

    private static String line(String name, Map<Situation, Lane.Outcome> row) {
        StringBuilder line = new StringBuilder("%-40s".formatted(name));
        long noticed = 0;
        for (Situation situation : Situation.values()) {
            Lane.@Nullable Outcome outcome = row.get(situation);
            if (outcome == null) {
                line.append("          .");
            } else {
                String mark = outcome.moved() ? ">" : " ";
                line.append("%9.1f%s ".formatted(outcome.inSyncMillis() / 1e3, mark));
                noticed = Math.max(noticed, outcome.noticedMillis());
            }
        }
        return line + (noticed == 0 ? "" : "   %d ms".formatted(noticed)) + "\n";
    }
}
