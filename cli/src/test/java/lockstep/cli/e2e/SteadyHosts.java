package lockstep.cli.e2e;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;
import lockstep.cli.verify.History;
import lockstep.cli.verify.Ownership;
import lockstep.cli.verify.Recorder;
import lockstep.cli.verify.Stamp;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Hosts that never give up. Each has a path to each node of a pair, as one with multipathing has:
/// it works on all of them, is refused where the volume is not active, and logs in again where a
/// session has ended or does not answer. What they do goes into one [History], and who acknowledged
/// it into one [Ownership].
public final class SteadyHosts implements AutoCloseable {
    private static final String NAME = "iqn.2026-11.io.lockstep:host";
    private static final int CHUNK = 64;
    private static final int PATIENCE_SECONDS = 30;

    /// What they do: `hosts` times `depth` commands at a time and node, on LUN 0, of 1 to
    /// `maxSectors` of its first `sectors`, which read as zeros at first.
    public record Load(
            int hosts, int depth, int sectors, int maxSectors, int readPercent, long seed) {}

    /// What came of the commands of sessions that are over.
    public record Seen(
            long writes,
            long reads,
            long refused,
            long failed,
            long wrongReads,
            String wrong,
            long sessions) {
        static final Seen NOTHING = new Seen(0, 0, 0, 0, 0, "", 0);

        Seen plus(Seen other) {
            return new Seen(
                    writes + other.writes,
                    reads + other.reads,
                    refused + other.refused,
                    failed + other.failed,
                    wrongReads + other.wrongReads,
                    wrong.isEmpty() ? other.wrong : wrong,
                    sessions + other.sessions);
        }
    }

    private final LoopbackPair pair;
    private final Load load;
    private final Initiator initiator = new Initiator(1);
    private final History history;
    private final Ownership ownership;
    private final List<HostPath> paths = new ArrayList<>();

    /// Hosts of `pair`, of which the first node is the source; they do nothing yet.
    public SteadyHosts(LoopbackPair pair, Load load) {
        this.pair = pair;
        this.load = load;
        this.history = new History(load.sectors());
        this.ownership = new Ownership(pair.first().plan().name());
    }

    /// Everything that was seen.
    public History history() {
        return history;
    }

    /// Who acknowledged it.
    public Ownership ownership() {
        return ownership;
    }

    /// An operator is about to ask that `node` becomes the source.
    public void expect(ChildNode node) {
        ownership.asked(node.plan().name(), history.now());
    }

    /// All begin to work.
    public void start() {
        for (int host = 1; host <= load.hosts(); host++) {
            paths.add(path(pair.first(), host, 1));
            paths.add(path(pair.second(), host, 2));
        }
        paths.forEach(HostPath::start);
    }

    private HostPath path(ChildNode node, int host, int number) {
        IscsiUrl url = LoopbackPair.url(node, 0);
        SessionOptions options = SessionOptions.defaults().named(NAME + host, number);
        Recorder recorder = new Recording(node.plan().name());
        return new HostPath(initiator, url, options, recorder, load, host * 10 + number);
    }

    /// They stay logged in and send nothing more, or begin again.
    public void pause(boolean still) {
        paths.forEach(path -> path.pause(still));
    }

    /// The same, only on the ways to `node`.
    public void pause(ChildNode node, boolean still) {
        IscsiUrl url = LoopbackPair.url(node, 0);
        paths.stream().filter(path -> path.url().equals(url)).forEach(path -> path.pause(still));
    }

    /// What they saw is told by each path; sums them up.
    public Seen seen() {
        Seen sum = Seen.NOTHING;
        for (HostPath path : paths) {
            sum = sum.plus(path.seen());
        }
        return sum;
    }

    /// Waits until so many more writes have been acknowledged.
    public void awaitWrites(long more) throws InterruptedException {
        long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
        long enough = history.counts().acked() + more;
        while (history.counts().acked() < enough) {
            if (System.nanoTime() > until) {
                throw new AssertionError("writes do not go on: " + seen());
            }
            TimeUnit.MILLISECONDS.sleep(5);
        }
    }

    /// Reads every sector from `node` and records what it holds.
    public void readAll(ChildNode node)
            throws InterruptedException, ExecutionException, TimeoutException {
        IscsiUrl url = LoopbackPair.url(node, 0);
        SessionOptions options = SessionOptions.defaults().named(NAME + 0, 1);
        IscsiSession session =
                initiator.connect(url, options).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
        ByteBuf buffer = Unpooled.directBuffer(CHUNK * Stamp.SIZE);
        try {
            for (int first = 0; first < load.sectors(); first += CHUNK) {
                readChunk(session, first, Math.min(CHUNK, load.sectors() - first), buffer);
            }
        } finally {
            session.logout().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            buffer.release();
        }
    }

    private void readChunk(IscsiSession session, int first, int count, ByteBuf buffer)
            throws InterruptedException, ExecutionException, TimeoutException {
        Recorder.Reading reading = history.reading(count);
        CommandResult result = null;
        for (int attempt = 0; attempt < 500; attempt++) {
            reading.begins(first, count);
            ScsiTask read = Cdb.read16(new ScsiTask(), 0, first, count, buffer);
            result = session.execute(read).get(PATIENCE_SECONDS, TimeUnit.SECONDS);
            if (result.isGood()) {
                reading.ends();
                for (int i = 0; i < count; i++) {
                    var content = buffer.nioBuffer(0, count * Stamp.SIZE);
                    long seen = Stamp.read(content, i * Stamp.SIZE, 0, first + (long) i);
                    reading.returned(first + i, seen);
                }
                return;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        throw new AssertionError("sectors from " + first + " cannot be read: " + result);
    }

    /// Lets what is under way end, and logs out.
    public void stop() throws InterruptedException {
        paths.forEach(HostPath::finish);
        for (HostPath path : paths) {
            path.join();
        }
    }

    @Override
    public void close() {
        try {
            stop();
        } catch (InterruptedException _) {
            Thread.currentThread().interrupt();
        }
        initiator.close();
    }

    /// Tells both records of what happens on paths to one node.
    private final class Recording implements Recorder {
        private final String node;

        Recording(String node) {
            this.node = node;
        }

        @Override
        public long begin(int first, int count) {
            return history.begin(first, count);
        }

        @Override
        public void acknowledged(long sequence, int first, int count) {
            history.acknowledged(sequence, first, count);
            ownership.acknowledged(node, sequence, history.now());
        }

        @Override
        public void unknown(long sequence, int first, int count) {
            history.unknown(sequence, first, count);
        }

        @Override
        public void notDone(long sequence, int first, int count) {
            history.notDone(sequence, first, count);
        }

        @Override
        public Reading reading(int maxSectors) {
            return history.reading(maxSectors);
        }
    }
}
