package lockstep.blockstore.bench;

import lockstep.blockstore.bench.PlainDisks.Stream;

import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Full-stripe consistency points, scrub and rebuild of a 4+1 group, each beside plain direct I/O,
/// alternating. Prints MiB/s of all disks together (of a rebuild what is read and written), and the
/// medians' ratio.
///
/// What makes the two comparable:
///
/// - the same ranges of the same files, all of it written before: a file system that has to find
///   space first, or to mark it as written, is slower;
/// - requests of the size that the volume's have, and as many under way on each disk as it may have
///   there ([FileDevice] has four threads for each);
/// - flushes after as many bytes of each disk as the volume flushes after, with all requests before
///   them ended, because that is what a flush is for. (Measured before with one flush at the end,
///   plain writes had nothing to wait for between consistency points.)
///
/// Not counted for the volume is what it does besides: the checksum pages and notes that it reads
/// and writes, some 3 % of the bytes.
public final class VolumeRates {
    private static final int DISKS = 5;
    private static final int REPLACED = 1;

    // As large as the volume's requests, and on each disk as many under way. In a rebuild half of
    // the runs under way read, the other half writes.
    private static final int REQUEST = 64 * 4096;
    private static final int DEPTH = 4;
    private static final int REBUILD_DEPTH = 2;

    private static final long REBUILD_FLUSH = 16_384L * 4096;

    private final List<Path> files = new ArrayList<>();
    private Path standby;
    private final PlainDisks plain = new PlainDisks();
    private final long bytes;

    private VolumeRates(Path directory, long bytes) throws Exception {
        this.bytes = bytes;
        Files.createDirectories(directory);
        for (int i = 0; i < DISKS; i++) {
            files.add(directory.resolve("disk" + i));
        }
        this.standby = directory.resolve("spare");
    }

    /// `DIRECTORY MEBIBYTES-PER-DISK ROUNDS [PART ...]`; the parts are `cp`, `scrub` and `rebuild`.
    public static void main(String[] arguments) throws Exception {
        long bytes = Long.parseLong(arguments[1]) << 20;
        int rounds = Integer.parseInt(arguments[2]);
        List<String> parts = List.of(arguments).subList(3, arguments.length);
        new VolumeRates(Path.of(arguments[0]), bytes)
                .run(rounds, parts.isEmpty() ? List.of("cp", "scrub", "rebuild") : parts);
    }

    private void run(int rounds, List<String> names) throws Exception {
        List<Path> all = new ArrayList<>(files);
        all.add(standby);
        for (Path file : all) {
            if (!Files.exists(file)) {
                Files.createFile(file);
            }
            plain.run(List.of(new Stream(file, true, 0, bytes, 1 << 20, 4)), bytes);
        }
        BenchVolume volume = new BenchVolume(files);
        // The format has cut the files: they get their space back before it counts, and all code
        // is compiled when it does.
        volume.writeFullStripes();
        List<Part> parts = new ArrayList<>();
        for (String name : names) {
            parts.add(part(name, volume));
        }
        for (Part part : parts) {
            part.plain.run();
            part.work.run();
        }
        for (int round = 0; round < rounds; round++) {
            for (Part part : parts) {
                part.measure(volume);
            }
        }
        volume.closeNow();
        plain.close();
        parts.forEach(Part::print);
    }

    private Part part(String name, BenchVolume volume) {
        return switch (name) {
            case "cp" ->
                    new Part("full-stripe CP", volume::writeFullStripes, () -> plainWrite(volume));
            case "scrub" -> new Part("scrub", volume::scrub, () -> plainRead(volume));
            case "rebuild" ->
                    new Part("rebuild", () -> rebuild(volume), () -> plainRebuild(volume));
            default -> throw new IllegalArgumentException(name);
        };
    }

    private static Stream stream(Path file, boolean write, BenchVolume volume, int depth) {
        return new Stream(file, write, volume.dataStart(), volume.dataBytes(), REQUEST, depth);
    }

    // What it writes is no stripe: the consistency points that come next make it right.
    private void plainWrite(BenchVolume volume) throws Exception {
        plain.run(
                files.stream().map(f -> stream(f, true, volume, DEPTH)).toList(),
                volume.bytesPerFlush());
    }

    private void plainRead(BenchVolume volume) throws Exception {
        plain.run(
                files.stream().map(f -> stream(f, false, volume, DEPTH)).toList(),
                volume.dataBytes());
    }

    private void plainRebuild(BenchVolume volume) throws Exception {
        List<Stream> streams = new ArrayList<>();
        for (Path file : files) {
            boolean write = file.equals(files.get(REPLACED));
            streams.add(stream(write ? standby : file, write, volume, REBUILD_DEPTH));
        }
        plain.run(streams, REBUILD_FLUSH);
    }

    private void rebuild(BenchVolume volume) throws Exception {
        volume.rebuild(REPLACED, standby);
        standby = files.set(REPLACED, standby);
    }

    private interface Work {
        void run() throws Exception;
    }

    private static long cpuNanos() {
        return ((com.sun.management.OperatingSystemMXBean)
                        ManagementFactory.getOperatingSystemMXBean())
                .getProcessCpuTime();
    }

    /// One kind of work, its plain counterpart, and what was measured of both.
    private static final class Part {
        private final String name;
        private final Work work;
        private final Work plain;
        private final List<Double> ours = new ArrayList<>();
        private final List<Double> others = new ArrayList<>();

        Part(String name, Work work, Work plain) {
            this.name = name;
            this.work = work;
            this.plain = plain;
        }

        void measure(BenchVolume volume) throws Exception {
            long moved = DISKS * volume.dataBytes();
            long cpu = cpuNanos();
            others.add(rate(timed(plain), moved));
            double plainCpu = (cpuNanos() - cpu) / (double) (moved >> 12) / 1e3;
            volume.counted(1);
            cpu = cpuNanos();
            long loop = volume.loopNanos();
            long nanos = timed(work);
            ours.add(rate(nanos, moved));
            CountedDevice.Counted counted = volume.counted(nanos);
            String details =
                    String.format(
                            Locale.ROOT,
                            "%d requests of %.0f KiB, %d flushes, %.1f under way, none %.0f %%"
                                    + " of the time; us of CPU per block %.2f (plain %.2f); loop"
                                    + " %.0f %% busy",
                            counted.requests(),
                            counted.bytes() / 1024.0 / counted.requests(),
                            counted.flushes(),
                            counted.underWay(),
                            100 * counted.idle(),
                            (cpuNanos() - cpu) / (double) (moved >> 12) / 1e3,
                            plainCpu,
                            100.0 * (volume.loopNanos() - loop) / nanos);
            System.out.printf(
                    Locale.ROOT,
                    "    %s: %.0f, plain %.0f MiB/s; %s%n",
                    name,
                    ours.getLast(),
                    others.getLast(),
                    details);
        }

        private static long timed(Work work) throws Exception {
            long begun = System.nanoTime();
            work.run();
            return System.nanoTime() - begun;
        }

        private static double rate(long nanos, long moved) {
            return moved / (double) (1 << 20) / (nanos / 1e9);
        }

        void print() {
            System.out.printf(
                    Locale.ROOT,
                    "%-15s %5.0f MiB/s, plain %5.0f MiB/s, ratio %.2f   (%s; %s)%n",
                    name,
                    median(ours),
                    median(others),
                    median(ours) / median(others),
                    rounded(ours),
                    rounded(others));
        }

        private static double median(List<Double> values) {
            return values.stream().sorted().toList().get(values.size() / 2);
        }

        private static List<Long> rounded(List<Double> values) {
            return values.stream().map(Math::round).toList();
        }
    }
}
