package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.LeakWatch;
import lockstep.target.iscsi.login.IscsiSettings;

import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Random;

/// Invariant 10: whatever one connection says or leaves unsaid, it ends and another does not
/// notice.
@ExtendWith(LeakWatch.class)
class HostileInputTest {
    private static final byte[] NOTHING = {};
    private static final long SEED = 20_261_122;

    private static TestTarget target;
    private static RawInitiator witness;

    @BeforeAll
    static void start() throws IOException {
        target = new TestTarget(0, 8 << 20, impatient(Duration.ofMinutes(5)), false);
        witness = new RawInitiator(target.port());
        witness.login("iqn.witness", 1);
        witness.settle();
    }

    private static IscsiSettings impatient(Duration idleBeforePing) {
        IscsiSettings usual = IscsiSettings.DEFAULT;
        return new IscsiSettings(
                usual.alias(),
                usual.segmentMax(),
                usual.burstMax(),
                usual.firstBurst(),
                usual.outstandingR2tMax(),
                usual.commandWindow(),
                usual.largeTransferMax(),
                usual.connectionsMax(),
                Duration.ofSeconds(2),
                idleBeforePing,
                Duration.ofSeconds(1),
                Duration.ofSeconds(1));
    }

    @AfterAll
    static void stop() throws IOException {
        witness.close();
        target.close();
    }

    private static void witnessIsWell() throws IOException {
        witness.command(RawInitiator.READ, 512, NOTHING, 0x28, 0, 0, 0, 0, 1, 0, 0, 1, 0);
        assertThat(witness.receive().data()).hasSize(512);
    }

    private static RawInitiator loggedIn(String... keys) throws IOException {
        RawInitiator initiator = new RawInitiator(target.port());
        assertThat(initiator.login("iqn.hostile", 7, keys).flags()).isEqualTo(0x87);
        initiator.settle();
        return initiator;
    }

    @Test
    void garbageInsteadOfALoginIsClosed() throws IOException {
        Random random = new Random(SEED);
        for (int round = 0; round < 50; round++) {
            try (RawInitiator initiator = new RawInitiator(target.port())) {
                byte[] garbage = new byte[4096];
                random.nextBytes(garbage);
                garbage[0] &= 0x3C; // never a login request, which is 03h
                initiator.sendBytes(garbage);
                assertThat(initiator.isClosedByTarget()).as("round %d", round).isTrue();
            }
        }
        witnessIsWell();
    }

    @Test
    void garbageAfterALoginIsClosedOrAnswered() throws IOException {
        Random random = new Random(SEED);
        for (int round = 0; round < 100; round++) {
            try (RawInitiator initiator = loggedIn()) {
                byte[] header = new byte[48];
                random.nextBytes(header);
                ByteBuffer pdu = ByteBuffer.wrap(header);
                pdu.putInt(24, initiator.nextCommandNumber());
                initiator.send(pdu, new byte[random.nextInt(600)]);
            }
        }
        witnessIsWell();
    }

    @Test
    void segmentLongerThanDeclaredIsRefusedBeforeItIsRead() throws IOException {
        try (RawInitiator initiator = loggedIn()) {
            ByteBuffer header = RawInitiator.header(0x01, 0xA1);
            header.putInt(4, 262_145).putInt(16, 1).putInt(24, initiator.nextCommandNumber());
            initiator.sendBytes(RawInitiator.bytes(header));
            assertThat(initiator.receive().opcode()).isEqualTo(0x3F);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            ByteBuffer header = initiator.loginRequest(0x87, 3);
            header.putInt(4, 8193);
            initiator.sendBytes(RawInitiator.bytes(header));
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        witnessIsWell();
    }

    @Test
    void silenceAndHalfALoginAreClosedInTime() throws IOException {
        try (RawInitiator silent = new RawInitiator(target.port());
                RawInitiator half = new RawInitiator(target.port())) {
            half.sendBytes(new byte[] {0x43, (byte) 0x87, 0, 0});
            assertThat(silent.isClosedByTarget()).isTrue();
            assertThat(half.isClosedByTarget()).isTrue();
        }
        witnessIsWell();
    }

    @Test
    void endlessLoginIsEnded() throws IOException {
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            byte[] text = "X=1\0".getBytes(StandardCharsets.UTF_8);
            for (int request = 0; request < 17; request++) {
                initiator.send(initiator.loginRequest(0x44, 3), text);
            }
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        witnessIsWell();
    }

    @Test
    void continuedLoginWithoutDataIsRefused() throws IOException {
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            initiator.send(initiator.loginRequest(0x44, 3), NOTHING);
            assertThat(initiator.receive().header().getShort(36)).isEqualTo((short) 0x0200);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
    }

    @Test
    void tooManyKeysAreRefused() throws IOException {
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            StringBuilder text = new StringBuilder("InitiatorName=iqn.h\0");
            for (int key = 0; key < 128; key++) {
                text.append("K").append(key).append("=1\0");
            }
            initiator.send(
                    initiator.loginRequest(0x87, 3),
                    text.toString().getBytes(StandardCharsets.UTF_8));
            assertThat(initiator.receive().header().getShort(36)).isEqualTo((short) 0x0200);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
    }

    @Test
    void loginStatusNamesWhatIsMissing() throws IOException {
        Object[][] rows = {
            {"SessionType=Normal\0", 0x0207},
            {"InitiatorName=iqn.h\0", 0x0207},
            {"InitiatorName=iqn.h\0TargetName=iqn.none\0", 0x0203},
            {"InitiatorName=iqn.h\0TargetName=" + TestTarget.EXPECTED + "\0", 0x0301},
            {"InitiatorName=iqn.h\0SessionType=Odd\0", 0x0209},
            {"InitiatorName=iqn.h\0InitiatorName=iqn.i\0", 0x0200},
            {"InitiatorName\0", 0x0200},
        };
        for (Object[] row : rows) {
            try (RawInitiator initiator = new RawInitiator(target.port())) {
                byte[] text = ((String) row[0]).getBytes(StandardCharsets.UTF_8);
                initiator.send(initiator.loginRequest(0x87, 3), text);
                int status = initiator.receive().header().getShort(36);
                assertThat(status).as((String) row[0]).isEqualTo(row[1]);
                assertThat(initiator.isClosedByTarget()).isTrue();
            }
        }
    }

    @Test
    void dataThatWasNotAskedForEndsTheConnection() throws IOException {
        try (RawInitiator initiator = loggedIn("ImmediateData=No")) {
            initiator.command(
                    RawInitiator.WRITE, 512, new byte[512], 0x2A, 0, 0, 0, 0, 0, 0, 0, 1, 0);
            assertThat(initiator.receive().opcode()).isEqualTo(0x3F);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        try (RawInitiator initiator = loggedIn()) {
            int tag =
                    initiator.command(
                            RawInitiator.WRITE, 1024, NOTHING, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0);
            int transfer = initiator.receive().i32(20);
            initiator.dataOut(tag, transfer, 0, 512, true, new byte[512]);
            assertThat(initiator.receive().opcode()).isEqualTo(0x3F);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        witnessIsWell();
    }

    @Test
    void dataThatIsOwedAndNeverComesEndsTheConnection() throws IOException {
        try (RawInitiator initiator = loggedIn()) {
            initiator.command(RawInitiator.WRITE, 1024, NOTHING, 0x2A, 0, 0, 0, 0, 0, 0, 0, 2, 0);
            assertThat(initiator.receive().opcode()).isEqualTo(0x31);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
        witnessIsWell();
    }

    @Test
    void idleInitiatorIsPingedAndDroppedIfItDoesNotAnswer() throws IOException {
        try (TestTarget pinging =
                        new TestTarget(0, 1 << 20, impatient(Duration.ofSeconds(1)), false);
                RawInitiator initiator = new RawInitiator(pinging.port())) {
            initiator.login("iqn.idle", 1);
            RawInitiator.Received ping = initiator.receive();
            assertThat(ping.opcode()).isEqualTo(0x20);
            assertThat(ping.i32(16)).isEqualTo(-1);
            ByteBuffer answer = RawInitiator.header(0x40, 0x80);
            answer.putInt(16, -1).putInt(20, ping.i32(20));
            initiator.send(answer, NOTHING);
            assertThat(initiator.receive().opcode()).as("pinged again").isEqualTo(0x20);
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
    }

    @Test
    void hugeTransfersAreRefusedWithoutMemory() throws IOException {
        try (RawInitiator initiator = loggedIn()) {
            initiator.command(
                    RawInitiator.READ,
                    -1,
                    NOTHING,
                    0x88,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0,
                    0x40,
                    0,
                    0,
                    0);
            assertThat(initiator.receive().sense()).isEqualTo(0x052400);
            initiator.command(
                    RawInitiator.READ,
                    512,
                    NOTHING,
                    0x88,
                    0,
                    0xFF,
                    0xFF,
                    0xFF,
                    0xFF,
                    0xFF,
                    0xFF,
                    0xFF,
                    0xFF,
                    0,
                    0,
                    0,
                    1,
                    0,
                    0);
            assertThat(initiator.receive().sense()).isEqualTo(0x052100);
        }
    }
}
