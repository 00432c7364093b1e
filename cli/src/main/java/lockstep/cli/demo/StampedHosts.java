package lockstep.cli.demo;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.Sense;
import lockstep.cli.initiator.SessionOptions;
import lockstep.cli.verify.SectorModel;
import lockstep.cli.verify.StampedWorkload;
import lockstep.cli.verify.Verification;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Hosts that write stamps to one LUN and remember what was acknowledged. They share all sectors.
public final class StampedHosts implements AutoCloseable {
    private static final String NAME = "iqn.2026-11.io.lockstep:stamps";
    private static final int MAX_SECTORS = 64;
    private static final int READ_PERCENT = 15;
    private static final int WAIT_SECONDS = 60;
    private static final int LOGINS = 250;
    private static final int SECTOR = 512;
    private static final int ZERO_SECTORS = 8192;

    private final Initiator initiator = new Initiator(1);
    private final SectorModel model;
    private final int writers;
    private final int depth;
    private final List<IscsiSession> sessions = new ArrayList<>();
    private final List<StampedWorkload> workloads = new ArrayList<>();
    private final List<CompletableFuture<StampedWorkload.Result>> ends = new ArrayList<>();
    private long seed;

    /// `writers` hosts with `depth` commands under way each, on the LUN's first `sectors`, which
    /// read as zeros so far.
    public StampedHosts(int sectors, int writers, int depth, long seed) {
        this.model = new SectorModel(sectors);
        this.writers = writers;
        this.depth = depth;
        this.seed = seed;
    }

    /// What has been written so far.
    public SectorModel.Counts counts() {
        return model.counts();
    }

    /// How many of the writers that were started have not ended.
    public long running() {
        return ends.stream().filter(end -> !end.isDone()).count();
    }

    /// A session with the target of `url`, past its unit attention. A node that does not serve the
    /// LUN is no hindrance.
    public IscsiSession connect(IscsiUrl url, int qualifier)
            throws InterruptedException, ExecutionException, TimeoutException {
        SessionOptions options = SessionOptions.defaults().named(NAME, qualifier);
        IscsiSession session = login(url, options);
        for (int i = 0; i < 100; i++) {
            CommandResult ready =
                    session.execute(Cdb.testUnitReady(new ScsiTask(), url.lun()))
                            .get(WAIT_SECONDS, TimeUnit.SECONDS);
            if (ready.isGood() || isStandby(ready)) {
                break;
            }
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return session;
    }

    // A node that has just started may have the volume to open.
    private IscsiSession login(IscsiUrl url, SessionOptions options)
            throws InterruptedException, ExecutionException, TimeoutException {
        for (int tries = 1; ; tries++) {
            try {
                return initiator.connect(url, options).get(WAIT_SECONDS, TimeUnit.SECONDS);
            } catch (ExecutionException refused) {
                boolean later =
                        String.valueOf(refused.getMessage()).contains("service unavailable");
                if (!later || tries == LOGINS) {
                    throw refused;
                }
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
    }

    private static boolean isStandby(CommandResult result) {
        Sense sense = result instanceof CommandResult.Answered answered ? answered.sense() : null;
        return sense != null && sense.asc() == 0x04 && sense.ascq() == 0x0b;
    }

    /// Makes the model's sectors read as zeros, as it believes they do.
    public void zero(IscsiUrl url)
            throws InterruptedException, ExecutionException, TimeoutException {
        IscsiSession session = connect(url, writers + 1);
        ByteBuf pattern = Unpooled.directBuffer(SECTOR).writeZero(SECTOR);
        try {
            for (int at = 0; at < model.sectors(); at += ZERO_SECTORS) {
                int count = Math.min(ZERO_SECTORS, model.sectors() - at);
                ScsiTask same =
                        Cdb.writeSame16(new ScsiTask(), url.lun(), at, count, true, pattern);
                CommandResult result = session.execute(same).get(WAIT_SECONDS, TimeUnit.SECONDS);
                if (!result.isGood()) {
                    throw new IllegalStateException("zeroing the LUN ended with " + result);
                }
            }
        } finally {
            pattern.release();
            session.close();
        }
    }

    /// All hosts begin to write.
    public void start(IscsiUrl url)
            throws InterruptedException, ExecutionException, TimeoutException {
        for (int writer = 1; writer <= writers; writer++) {
            IscsiSession session = connect(url, writer);
            var plan =
                    new StampedWorkload.Plan(
                            url.lun(),
                            writer,
                            0,
                            model.sectors(),
                            MAX_SECTORS,
                            depth,
                            READ_PERCENT,
                            seed++);
            StampedWorkload workload = new StampedWorkload(model, session, plan);
            sessions.add(session);
            workloads.add(workload);
            ends.add(workload.start());
        }
    }

    /// What all hosts saw between start and end.
    public record Seen(
            long writes, long reads, long refused, long failed, long wrongReads, String wrong) {}

    /// Lets what is under way end, then logs out.
    public Seen stop() throws InterruptedException, ExecutionException, TimeoutException {
        workloads.forEach(StampedWorkload::stop);
        return ended();
    }

    /// Collects what the hosts saw, once their target is gone or they were stopped.
    public Seen ended() throws InterruptedException, ExecutionException, TimeoutException {
        Seen sum = new Seen(0, 0, 0, 0, 0, "");
        for (CompletableFuture<StampedWorkload.Result> end : ends) {
            StampedWorkload.Result one = end.get(WAIT_SECONDS, TimeUnit.SECONDS);
            sum =
                    new Seen(
                            sum.writes + one.writes(),
                            sum.reads + one.reads(),
                            sum.refused + one.refused(),
                            sum.failed + one.failed(),
                            sum.wrongReads + one.wrongReads(),
                            sum.wrong.isEmpty() ? one.firstWrong() : sum.wrong);
        }
        sessions.forEach(IscsiSession::close);
        sessions.clear();
        workloads.clear();
        ends.clear();
        return sum;
    }

    /// Reads everything from `url` and judges it against what was acknowledged.
    public Verification.Report verify(IscsiUrl url)
            throws InterruptedException, ExecutionException, TimeoutException {
        IscsiSession session = connect(url, writers + 1);
        try {
            return Verification.readAll(model, session, url.lun())
                    .get(WAIT_SECONDS, TimeUnit.SECONDS);
        } finally {
            session.close();
        }
    }

    @Override
    public void close() {
        initiator.close();
    }
}
