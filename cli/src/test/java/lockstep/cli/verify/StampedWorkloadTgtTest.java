package lockstep.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;
import lockstep.cli.initiator.Tgtd;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// The workload and the verdict over a target that is not ours, with lost connections.
final class StampedWorkloadTgtTest {
    private static final int SECTORS = 4096;

    @TempDir Path directory;

    /// Invariant 1 and 2 as a host sees them: writers share sectors, connections are cut, and
    /// nothing that was acknowledged may be missing.
    @Test
    void cutConnectionsLoseNothingAcknowledged() throws Exception {
        SectorModel model = new SectorModel(SECTORS);
        try (Tgtd tgtd = Tgtd.start(directory, 16 << 20);
                Initiator initiator = new Initiator(1)) {
            for (int round = 0; round < 4; round++) {
                assertThat(writeAndCut(model, initiator, tgtd, round)).isEmpty();
                IscsiSession session = connect(initiator, tgtd, 9);
                var report = Verification.readAll(model, session, 1).join();
                assertThat(report.isClean()).as(report.toString()).isTrue();
                assertThat(report.acknowledged() + report.unacknowledged()).isEqualTo(SECTORS);
                session.logout().join();
            }
            assertThat(model.counts().acked()).isGreaterThan(100);
            assertThat(model.counts().unknown()).isPositive();
        }
    }

    @Test
    void aSectorPutBackToAnOlderWriteIsFoundLost() throws Exception {
        SectorModel model = new SectorModel(64);
        try (Tgtd tgtd = Tgtd.start(directory, 16 << 20);
                Initiator initiator = new Initiator(1)) {
            IscsiSession session = connect(initiator, tgtd, 1);
            ByteBuf buffer = PooledByteBufAllocator.DEFAULT.directBuffer(512);
            List<Long> written = new ArrayList<>();
            for (int i = 0; i < 2; i++) {
                written.add(model.begin(7, 1));
                put(session, buffer, written.get(i));
                model.acknowledged(written.get(i), 7, 1);
            }
            put(session, buffer, written.get(0));
            var report = Verification.readAll(model, session, 1).join();
            assertThat(report.lost()).isEqualTo(1);
            assertThat(report.wrong().getFirst()).contains("sector 7 is LOST");
            buffer.setByte(300, 99);
            session.execute(Cdb.write10(new ScsiTask(), 1, 9, 1, buffer)).join();
            assertThat(Verification.readAll(model, session, 1).join().corrupt()).isEqualTo(1);
            buffer.release();
            session.logout().join();
        }
    }

    private static void put(IscsiSession session, ByteBuf buffer, long sequence) {
        Stamp.put(buffer.nioBuffer(0, 512), 0, 1, 7, 1, sequence);
        session.execute(Cdb.write10(new ScsiTask(), 1, 7, 1, buffer)).join();
    }

    // Two writers share all sectors; their connections are cut in mid-flight. What they read wrong.
    private static List<String> writeAndCut(
            SectorModel model, Initiator initiator, Tgtd tgtd, int round) throws Exception {
        List<CompletableFuture<StampedWorkload.Result>> ends = new ArrayList<>();
        List<IscsiSession> sessions = new ArrayList<>();
        for (int writer = 1; writer <= 2; writer++) {
            IscsiSession session = connect(initiator, tgtd, writer);
            sessions.add(session);
            var plan =
                    new StampedWorkload.Plan(
                            1, writer, 0, SECTORS, 40, 8, 30, round * 10L + writer);
            ends.add(new StampedWorkload(model, session, plan).start());
        }
        while (model.counts().acked() < (round + 1) * 200L) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        sessions.forEach(IscsiSession::close);
        List<String> wrongReads = new ArrayList<>();
        for (var end : ends) {
            StampedWorkload.Result result = end.join();
            if (result.wrongReads() > 0) {
                wrongReads.add(
                        result.wrongReads() + " in round " + round + ": " + result.firstWrong());
            }
        }
        // The same initiator name and qualifier: the target ends what the old session left.
        for (int writer = 1; writer <= 2; writer++) {
            connect(initiator, tgtd, writer).logout().join();
        }
        return wrongReads;
    }

    private static IscsiSession connect(Initiator initiator, Tgtd tgtd, int qualifier) {
        SessionOptions options =
                SessionOptions.defaults().named("iqn.2026-11.io.lockstep:stamps", qualifier);
        IscsiSession session = initiator.connect(tgtd.url(), options).join();
        session.execute(Cdb.testUnitReady(new ScsiTask(), 1)).join();
        return session;
    }
}
