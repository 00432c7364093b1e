package lockstep.blockstore.bench;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.bench.PlainDisks.Stream;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Full-stripe consistency points, scrub and rebuild of a 4+1 group, each beside plain direct I/O
/// on the same files with the same size and number of requests under way, alternating. Prints MiB/s
/// of all disks together (a rebuild: what is read and written), and the medians' ratio.
public final class VolumeRates {
    private static final int DISKS = 5;

    // Requests as the volume makes them: 64 stripes of a chunk, four chunks under way; 51 stripes
    // of
    // a scrub; 64 of a rebuild.
    private static final int CHUNK = 64 * Blocks.SIZE;
    private static final int CHUNKS = 4;
    private static final int SCRUB = 51 * Blocks.SIZE;

    private final List<Path> files = new ArrayList<>();
    private final Path spare;
    private final long bytes;

    private VolumeRates(Path directory, long bytes) throws Exception {
        this.bytes = bytes;
        this.spare = directory.resolve("spare");
        Files.createDirectories(directory);
        for (int i = 0; i < DISKS; i++) {
            files.add(directory.resolve("disk" + i));
        }
    }

    /// `DIRECTORY MEBIBYTES-PER-DISK ROUNDS`.
    public static void main(String[] arguments) throws Exception {
        long bytes = Long.parseLong(arguments[1]) << 20;
        new VolumeRates(Path.of(arguments[0]), bytes).run(Integer.parseInt(arguments[2]));
    }

    private void run(int rounds) throws Exception {
        List<Path> all = new ArrayList<>(files);
        all.add(spare);
        for (Path file : all) {
            if (!Files.exists(file)) {
                Files.createFile(file);
                // Real extents, so that neither side pays for making them.
                PlainDisks.run(List.of(new Stream(file, true, 0, bytes, 1 << 20, 4)));
            }
        }
        List<List<Double>> figures = new ArrayList<>();
        for (int i = 0; i < 6; i++) {
            figures.add(new ArrayList<>());
        }
        for (int round = 0; round < rounds; round++) {
            figures.get(0).add(plainWrite());
            BenchVolume volume = new BenchVolume(files);
            long data = volume.stripes() * Blocks.SIZE;
            // A format leaves holes: the files get their extents back before it counts.
            volume.writeFullStripes();
            figures.get(1).add(rate(timed(volume::writeFullStripes), DISKS * data));
            figures.get(2).add(plainRead(DISKS, SCRUB));
            figures.get(3).add(rate(timed(volume::scrub), DISKS * data));
            figures.get(4).add(plainRebuild());
            figures.get(5).add(rate(timed(() -> volume.rebuild(1, spare)), DISKS * data));
            volume.closeNow();
        }
        print("full-stripe consistency point", figures.get(1), figures.get(0));
        print("scrub", figures.get(3), figures.get(2));
        print("rebuild", figures.get(5), figures.get(4));
    }

    private double plainWrite() throws Exception {
        List<Stream> streams =
                files.stream().map(f -> new Stream(f, true, 0, bytes, CHUNK, CHUNKS)).toList();
        return rate(PlainDisks.run(streams), DISKS * bytes);
    }

    private double plainRead(int disks, int request) throws Exception {
        List<Stream> streams =
                files.stream()
                        .limit(disks)
                        .map(f -> new Stream(f, false, 0, bytes, request, 1))
                        .toList();
        return rate(PlainDisks.run(streams), disks * bytes);
    }

    private double plainRebuild() throws Exception {
        List<Stream> streams = new ArrayList<>();
        files.stream()
                .limit(DISKS - 1)
                .forEach(f -> streams.add(new Stream(f, false, 0, bytes, CHUNK, 1)));
        streams.add(new Stream(spare, true, 0, bytes, CHUNK, 1));
        return rate(PlainDisks.run(streams), DISKS * bytes);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static long timed(Work work) throws Exception {
        long begun = System.nanoTime();
        work.run();
        return System.nanoTime() - begun;
    }

    private static double rate(long nanos, long moved) {
        return moved / (double) (1 << 20) / (nanos / 1e9);
    }

    private static void print(String what, List<Double> ours, List<Double> plain) {
        System.out.printf(
                Locale.ROOT,
                "%-30s %7.0f MiB/s, plain %7.0f MiB/s, ratio %.2f   (%s; %s)%n",
                what,
                median(ours),
                median(plain),
                median(ours) / median(plain),
                rounded(ours),
                rounded(plain));
    }

    private static double median(List<Double> values) {
        return values.stream().sorted().toList().get(values.size() / 2);
    }

    private static List<Long> rounded(List<Double> values) {
        return values.stream().map(Math::round).toList();
    }
}
