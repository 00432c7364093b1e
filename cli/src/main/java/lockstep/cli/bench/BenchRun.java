package lockstep.cli.bench;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;

import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// One run of a load: connects all lanes, lets them run, and adds up what they saw.
public final class BenchRun {
    private static final int SECTOR = 512;
    private static final long SECOND = 1_000_000_000L;

    private final BenchOptions options;

    /// A run of this load.
    public BenchRun(BenchOptions options) {
        this.options = options;
    }

    /// Runs it; returns when the last command has ended.
    public BenchReport run() throws IOException, InterruptedException {
        try (Initiator initiator = new Initiator(options.threads())) {
            List<Lane> lanes = lanes(initiator);
            long from = System.nanoTime() + options.warmUpSeconds() * SECOND;
            long until = from + options.durationSeconds() * SECOND;
            List<CompletableFuture<Lane>> running = new ArrayList<>();
            lanes.forEach(lane -> running.add(lane.start(from, until)));
            TimeUnit.NANOSECONDS.sleep(from - System.nanoTime());
            long ownBefore = ProcessCpu.nanos(ProcessHandle.current().pid());
            List<Long> targetsBefore = targetCpu();
            CompletableFuture<Void> all =
                    CompletableFuture.allOf(running.toArray(CompletableFuture[]::new));
            while (!all.isDone() && System.nanoTime() - until < 0) {
                TimeUnit.MILLISECONDS.sleep(2);
            }
            long own = ProcessCpu.nanos(ProcessHandle.current().pid()) - ownBefore;
            List<Long> targets = targetCpu();
            all.join();
            return report(lanes, own, targetsBefore, targets);
        }
    }

    private List<Long> targetCpu() throws IOException {
        List<Long> nanos = new ArrayList<>();
        for (long pid : options.pids()) {
            nanos.add(ProcessCpu.nanos(pid));
        }
        return nanos;
    }

    private List<Lane> lanes(Initiator initiator) throws IOException {
        List<Lane> lanes = new ArrayList<>();
        long all = (long) options.urls().size() * options.sessions();
        long interval = options.rate() == 0 ? 0 : SECOND * all / options.rate();
        for (IscsiUrl url : options.urls()) {
            for (int i = 0; i < options.sessions(); i++) {
                int number = lanes.size();
                SessionOptions offer =
                        SessionOptions.defaults()
                                .named("iqn.2026-11.io.lockstep:bench", number + 1);
                IscsiSession session = initiator.connect(url, offer).join();
                long blocks = region(session, url) / options.blockSize();
                if (blocks == 0) {
                    throw new IOException(url + " has no room for a block of that size");
                }
                long seed = options.seed() + number;
                lanes.add(new Lane(session, url.lun(), options, blocks, interval, seed));
            }
        }
        return lanes;
    }

    // The first command after a login may be answered with a unit attention, and only that one.
    private long region(IscsiSession session, IscsiUrl url) throws IOException {
        session.execute(Cdb.testUnitReady(new ScsiTask(), url.lun())).join();
        ByteBuf into = Unpooled.directBuffer(32);
        CommandResult result =
                session.execute(Cdb.readCapacity16(new ScsiTask(), url.lun(), into)).join();
        if (!result.isGood()) {
            throw new IOException(url + " does not tell its size: " + result);
        }
        long size = (into.getLong(0) + 1) * SECTOR;
        if (into.getInt(8) != SECTOR) {
            throw new IOException(url + " has blocks of " + into.getInt(8) + " bytes, not 512");
        }
        into.release();
        return options.regionBytes() == 0 ? size : Math.min(size, options.regionBytes());
    }

    private BenchReport report(
            List<Lane> lanes, long ownNanos, List<Long> before, List<Long> after) {
        Histogram reads = new Histogram(3);
        Histogram writes = new Histogram(3);
        long failed = 0;
        @Nullable String firstFailure = null;
        for (Lane lane : lanes) {
            reads.add(lane.readNanos());
            writes.add(lane.writeNanos());
            failed += lane.failed();
            firstFailure = firstFailure == null ? lane.firstFailure() : firstFailure;
        }
        long count = reads.getTotalCount() + writes.getTotalCount();
        double seconds = options.durationSeconds();
        double perIo = 1e3 * Math.max(count, 1);
        List<Double> targets = new ArrayList<>();
        for (int i = 0; i < after.size(); i++) {
            targets.add((after.get(i) - before.get(i)) / perIo);
        }
        return new BenchReport(
                seconds,
                count / seconds,
                count / seconds * options.blockSize() / (1 << 20),
                failed,
                firstFailure,
                targets,
                ownNanos / perIo,
                BenchReport.Latency.of(reads),
                BenchReport.Latency.of(writes));
    }
}
