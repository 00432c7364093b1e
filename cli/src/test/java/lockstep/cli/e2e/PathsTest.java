package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.HexFormat;
import java.util.concurrent.TimeUnit;

/// What a host with a path to each node sees of a takeover and of a restart, with real processes.
final class PathsTest {
    private static final int RESERVATION_CONFLICT = 0x18;
    private static final int EXCLUSIVE_ACCESS_REGISTRANTS_ONLY = 6;
    private static final int THROUGH_POWER_LOSS = 1;
    private static final long KEY = 0x1122;

    @TempDir Path directory;

    private final Initiator initiator = new Initiator(1);

    private IscsiSession connect(ChildNode node, String host) throws Exception {
        SessionOptions options = SessionOptions.defaults().named("iqn.test:" + host, 1);
        IscsiSession session =
                initiator.connect(LoopbackPair.url(node, 0), options).get(30, TimeUnit.SECONDS);
        // Whatever it is told of its own arrival.
        ready(session);
        return session;
    }

    private static CommandResult execute(IscsiSession session, ScsiTask task) throws Exception {
        return session.execute(task).get(60, TimeUnit.SECONDS);
    }

    private static String ready(IscsiSession session) throws Exception {
        return text(execute(session, Cdb.testUnitReady(new ScsiTask(), 0)));
    }

    private static String write(IscsiSession session) throws Exception {
        ByteBuf data = Unpooled.directBuffer(512).writeZero(512);
        String ended = text(execute(session, Cdb.write16(new ScsiTask(), 0, 0, 1, data)));
        data.release();
        return ended;
    }

    private static String text(CommandResult result) {
        if (result instanceof CommandResult.Answered(int status, _, var sense)) {
            return status == RESERVATION_CONFLICT
                    ? "CONFLICT"
                    : sense == null
                            ? "GOOD"
                            : "%x/%02x/%02x".formatted(sense.key(), sense.asc(), sense.ascq());
        }
        return result.toString();
    }

    private static String reserveOut(IscsiSession session, int action, long key, long next)
            throws Exception {
        ByteBuf list = Unpooled.directBuffer(24).writeLong(key).writeLong(next).writeInt(0);
        list.writeByte(THROUGH_POWER_LOSS).writeZero(3);
        int type = EXCLUSIVE_ACCESS_REGISTRANTS_ONLY;
        String ended =
                text(
                        execute(
                                session,
                                Cdb.persistentReserveOut(new ScsiTask(), 0, action, type, list)));
        list.release();
        return ended;
    }

    /// The bytes that a command about the LUN brings.
    private static String told(IscsiSession session, boolean groups) throws Exception {
        ByteBuf into = Unpooled.buffer(64, 64);
        ScsiTask task =
                groups
                        ? Cdb.reportTargetPortGroups(new ScsiTask(), 0, into, 64)
                        : Cdb.persistentReserveIn(new ScsiTask(), 0, 1, into, 64);
        assertThat(execute(session, task)).isInstanceOf(CommandResult.Answered.class);
        byte[] bytes = new byte[64];
        into.getBytes(0, bytes);
        into.release();
        return HexFormat.of().formatHex(bytes);
    }

    /// Asks until the answer is `wanted`, for what the nodes agree on among themselves.
    private static void await(IscsiSession session, String wanted) throws Exception {
        long until = System.nanoTime() + TestPair.PATIENCE.toNanos();
        String seen = ready(session);
        while (!seen.equals(wanted)) {
            if (System.nanoTime() > until) {
                throw new AssertionError(seen + " and not " + wanted);
            }
            TimeUnit.MILLISECONDS.sleep(20);
            seen = ready(session);
        }
    }

    @Test
    void n12S9PathsAndReservationsOutliveTheirNode() throws Exception {
        try (initiator;
                LoopbackPair pair = TestPair.started(directory, 96, 24, TestPair.settings(64, 8))) {
            ChildNode alpha = pair.first();
            ChildNode beta = pair.second();
            IscsiSession active = connect(alpha, "a");
            IscsiSession standby = connect(beta, "a");
            IscsiSession fenced = connect(beta, "b");
            await(active, "GOOD");
            await(standby, "2/04/0b");
            assertThat(told(standby, true)).as("both groups").isEqualTo(told(active, true));
            assertThat(reserveOut(standby, 0, 0, KEY)).isEqualTo("2/04/0b");
            assertThat(reserveOut(active, 0, 0, KEY)).isEqualTo("GOOD");
            assertThat(reserveOut(active, 1, KEY, 0)).isEqualTo("GOOD");
            String reservation = told(active, false);
            assertThat(told(standby, false)).as("seen at the mirror").isEqualTo(reservation);
            await(fenced, "2/04/0b");

            alpha.kill();
            pair.takeOver(beta);
            assertThat(ready(standby)).as("told on the session it has").isEqualTo("6/2a/06");
            assertThat(write(standby)).isEqualTo("GOOD");
            await(fenced, "GOOD");
            assertThat(write(fenced)).isEqualTo("CONFLICT");
            assertThat(told(fenced, false)).isEqualTo(reservation);

            alpha.start();
            assertThat(pair.awaitInSync(TestPair.PATIENCE)).isSameAs(beta);
            await(connect(alpha, "a"), "2/04/0b");

            beta.kill();
            beta.start();
            IscsiSession again = connect(beta, "b");
            await(again, "GOOD");
            assertThat(write(again)).isEqualTo("CONFLICT");
            assertThat(write(connect(beta, "a"))).isEqualTo("GOOD");
        }
    }
}
