package lockstep.cli.initiator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// The initiator against a target written by others.
final class InitiatorTgtTest {
    private static final int LUN = 1;
    private static final SessionOptions DEFAULTS = SessionOptions.defaults();

    @TempDir static Path directory;

    private static Tgtd tgtd;
    private static Initiator initiator;

    @BeforeAll
    static void start() throws Exception {
        tgtd = Tgtd.start(directory, 64 << 20);
        initiator = new Initiator(1);
    }

    @AfterAll
    static void stop() {
        if (initiator != null) {
            initiator.close();
        }
        if (tgtd != null) {
            tgtd.close();
        }
    }

    @Test
    void sendTargetsNamesTheTargetAndItsPortal() {
        var targets = initiator.discover("127.0.0.1", tgtd.url().port(), DEFAULTS).join();
        assertThat(targets).containsOnlyKeys(Tgtd.IQN);
        assertThat(String.valueOf(targets.get(Tgtd.IQN)))
                .startsWith("[127.0.0.1:" + tgtd.url().port());
    }

    @Test
    void loginToAnUnknownTargetIsRefusedWithTheReason() {
        IscsiUrl wrong = new IscsiUrl("127.0.0.1", tgtd.url().port(), "iqn.2026-11.none:x", 1);
        assertThatThrownBy(() -> initiator.connect(wrong, DEFAULTS).join())
                .hasCauseInstanceOf(ProtocolException.class)
                .hasMessageContaining("not found");
    }

    @Test
    void inquiryCapacityAndLunsComeBack() {
        IscsiSession session = connect(DEFAULTS);
        ByteBuf into = buffer(512);
        assertThat(session.execute(Cdb.readCapacity16(new ScsiTask(), LUN, into)).join().isGood())
                .isTrue();
        assertThat(into.getLong(0)).isEqualTo((64 << 20) / 512 - 1);
        assertThat(into.getInt(8)).isEqualTo(512);
        ScsiTask task = new ScsiTask();
        var inquiry =
                (CommandResult.Answered)
                        session.execute(Cdb.inquiry(task, LUN, -1, into, 255)).join();
        assertThat(inquiry.status()).isZero();
        assertThat(task.received() + inquiry.residual()).isEqualTo(255);
        session.execute(Cdb.reportLuns(new ScsiTask(), into, 512)).join();
        assertThat(into.getInt(0)).isEqualTo(16); // LUN 0, the controller, and ours
        assertThat(session.execute(Cdb.testUnitReady(new ScsiTask(), LUN)).join().isGood())
                .isTrue();
        session.ping().join();
        into.release();
        assertThat(session.logout().join()).isNotEmpty();
    }

    /// 300 KiB needs R2Ts and several Data-Ins, 512 bytes go as immediate data.
    @ParameterizedTest
    @ValueSource(ints = {1, 8, 33, 600})
    void whatIsWrittenIsReadBackUnderEveryWayOfSendingData(int sectors) {
        int round = 0;
        for (boolean immediate : new boolean[] {true, false}) {
            for (boolean waitForR2T : new boolean[] {true, false}) {
                for (boolean digests : new boolean[] {true, false}) {
                    SessionOptions options =
                            DEFAULTS.withData(immediate, waitForR2T).withDigests(digests, digests);
                    writeAndReadBack(connect(options), sectors, round++);
                }
            }
        }
    }

    private void writeAndReadBack(IscsiSession session, int sectors, int seed) {
        ByteBuf out = random(sectors * 512, seed);
        ByteBuf in = buffer(sectors * 512);
        ScsiTask task = new ScsiTask();
        assertThat(session.execute(Cdb.write16(task, LUN, 100, sectors, out)).join().isGood())
                .isTrue();
        assertThat(session.execute(Cdb.read16(task, LUN, 100, sectors, in)).join().isGood())
                .isTrue();
        in.writerIndex(sectors * 512);
        assertThat(in).isEqualTo(out);
        assertThat(session.execute(Cdb.synchronizeCache10(task, LUN)).join().isGood()).isTrue();
        out.release();
        in.release();
        session.logout().join();
    }

    @Test
    void writeSameFillsTheRange() {
        IscsiSession session = connect(DEFAULTS);
        ByteBuf pattern = random(512, 7);
        var done = session.execute(Cdb.writeSame16(new ScsiTask(), LUN, 40, 16, false, pattern));
        assertThat(done.join().isGood()).isTrue();
        ByteBuf in = buffer(16 * 512);
        session.execute(Cdb.read10(new ScsiTask(), LUN, 40, 16, in)).join();
        for (int i = 0; i < 16; i++) {
            assertThat(in.slice(i * 512, 512)).isEqualTo(pattern);
        }
        pattern.release();
        in.release();
        session.logout().join();
    }

    @Test
    void unmapMakesTheRangeReadAsZeros() {
        IscsiSession session = connect(DEFAULTS);
        ByteBuf data = random(4096, 9);
        session.execute(Cdb.write10(new ScsiTask(), LUN, 800, 8, data)).join();
        ByteBuf scratch = buffer(24);
        var done = session.execute(Cdb.unmap(new ScsiTask(), LUN, 800, 8, scratch)).join();
        assertThat(done.isGood()).as(done.toString()).isTrue();
        ByteBuf in = buffer(4096);
        session.execute(Cdb.read10(new ScsiTask(), LUN, 800, 8, in)).join();
        assertThat(in.getLong(0) | in.getLong(2048) | in.getLong(4088)).isZero();
        data.release();
        scratch.release();
        in.release();
        session.logout().join();
    }

    @Test
    void aReadBeyondTheEndBringsSense() {
        IscsiSession session = connect(DEFAULTS);
        ByteBuf in = buffer(512);
        var result = session.execute(Cdb.read16(new ScsiTask(), LUN, 1L << 40, 1, in)).join();
        Sense sense = result.senseOrNull();
        assertThat(sense != null && sense.is(5, 0x21, 0)).as(result.toString()).isTrue();
        in.release();
        session.logout().join();
    }

    /// More commands than any window: the rest wait and all end, in order of their submission.
    @Test
    void aThousandCommandsRespectTheWindow() throws Exception {
        IscsiSession session = connect(DEFAULTS);
        int count = 3000;
        CountDownLatch left = new CountDownLatch(count);
        List<CommandResult> bad = new ArrayList<>();
        List<ByteBuf> buffers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            ByteBuf in = buffer(4096);
            buffers.add(in);
            ScsiTask task = Cdb.read16(new ScsiTask(), LUN, i * 8L, 8, in);
            session.submit(
                    task.whenEnded(
                            (_, result) -> {
                                if (!result.isGood()) {
                                    bad.add(result);
                                }
                                left.countDown();
                            }));
        }
        assertThat(left.await(30, TimeUnit.SECONDS)).isTrue();
        assertThat(bad).isEmpty();
        buffers.forEach(ByteBuf::release);
        session.logout().join();
    }

    @Test
    void aLostConnectionMakesCommandsUnderWayUnknownAndLaterOnesNotSent() {
        IscsiSession session = connect(DEFAULTS);
        ByteBuf data = random(1 << 20, 3);
        List<CompletableFuture<CommandResult>> results = new ArrayList<>();
        session.loop()
                .submit(
                        () -> {
                            for (int i = 0; i < 8; i++) {
                                results.add(
                                        session.execute(
                                                Cdb.write16(new ScsiTask(), LUN, 0, 2048, data)));
                            }
                            session.close();
                        })
                .syncUninterruptibly();
        session.closed().join();
        for (var result : results) {
            assertThat(result.join()).isInstanceOf(CommandResult.Unknown.class);
        }
        var late = session.execute(Cdb.testUnitReady(new ScsiTask(), LUN)).join();
        assertThat(late).isInstanceOf(CommandResult.NotSent.class);
        data.release();
    }

    @Test
    void aResetOfTheLunIsAnswered() {
        IscsiSession session = connect(DEFAULTS);
        assertThat(session.manage(5, LUN, null).join()).isZero();
        session.close();
    }

    private static IscsiSession connect(SessionOptions options) {
        IscsiSession session = initiator.connect(tgtd.url(), options).join();
        // The power-on unit attention, if it comes, comes to this.
        session.execute(Cdb.testUnitReady(new ScsiTask(), LUN)).join();
        return session;
    }

    private static ByteBuf buffer(int bytes) {
        return PooledByteBufAllocator.DEFAULT.directBuffer(bytes, bytes);
    }

    private static ByteBuf random(int bytes, int seed) {
        byte[] content = new byte[bytes];
        new Random(seed).nextBytes(content);
        return buffer(bytes).writeBytes(content);
    }
}
