package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.Counter;

import lockstep.target.iscsi.login.IscsiSettings;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.TimeUnit;

/// A login that takes the place of a session (RFC 7143 6.3.5): nothing of that session is under way
/// any more when it is answered, so that no old command can follow a new one.
class ReinstatementTest {
    private static final int[] WRITE_10 = {0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0};

    private TestTarget target;

    @BeforeEach
    void start() {
        target = new TestTarget(0, 64 << 20, IscsiSettings.DEFAULT, false);
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private static void askToLogIn(RawInitiator initiator) throws IOException {
        String keys = "InitiatorName=iqn.a\0TargetName=" + TestTarget.NAME + '\0';
        initiator.send(initiator.loginRequest(0x87, 1), keys.getBytes(StandardCharsets.UTF_8));
    }

    @Test
    void reinstatedSessionWaitsForTheOldOnesTasks() throws IOException {
        try (RawInitiator old = RawInitiator.ready(target.port(), "iqn.a");
                RawInitiator again = new RawInitiator(target.port());
                RawInitiator other = RawInitiator.ready(target.port(), "iqn.b")) {
            target.onLoop(() -> target.lun().hold());
            old.command(RawInitiator.WRITE, 512, new byte[512], WRITE_10);
            old.ping();
            askToLogIn(again);
            assertThat(old.isClosedByTarget()).isTrue();
            other.ping();
            assertThat(target.metrics().meter("iscsi.aborted").getCount()).isZero();
            target.onLoop(() -> target.lun().letGo());
            assertThat(again.receive().opcode()).isEqualTo(0x23);
            assertThat(target.metrics().meter("iscsi.aborted").getCount()).isEqualTo(1);
            again.command(RawInitiator.NONE, 0, new byte[0], 0, 0, 0, 0, 0, 0);
            assertThat(again.receive().sense()).as("nexus loss").isEqualTo(0x062907);
        }
    }

    /// A host that lost patience with its second login comes a third time.
    @Test
    void aThirdLoginWaitsForTheFirstOnesTasksToo() throws Exception {
        try (RawInitiator old = RawInitiator.ready(target.port(), "iqn.a");
                RawInitiator third = new RawInitiator(target.port());
                RawInitiator other = RawInitiator.ready(target.port(), "iqn.b")) {
            target.onLoop(() -> target.lun().hold());
            old.command(RawInitiator.WRITE, 512, new byte[512], WRITE_10);
            old.ping();
            try (RawInitiator second = new RawInitiator(target.port())) {
                askToLogIn(second);
                assertThat(old.isClosedByTarget()).isTrue();
            }
            Counter connections = target.metrics().counter("iscsi.connections");
            while (connections.getCount() > 2) {
                other.ping();
            }
            askToLogIn(third);
            for (int i = 0; i < 20; i++) {
                TimeUnit.MILLISECONDS.sleep(5);
                other.ping();
            }
            Counter sessions = target.metrics().counter("iscsi.sessions");
            assertThat(sessions.getCount()).as("of the other alone").isEqualTo(1);
            target.onLoop(() -> target.lun().letGo());
            assertThat(third.receive().opcode()).isEqualTo(0x23);
        }
    }
}
