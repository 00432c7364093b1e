package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Outcome;
import lockstep.target.LeakWatch;
import lockstep.target.iscsi.login.IscsiSettings;
import lockstep.target.iscsi.session.RawInitiator.Received;

import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Random;

/// Sessions from the wire: what goes in and what must come out.
@ExtendWith(LeakWatch.class)
class SessionTest {
    private static final byte[] NOTHING = {};
    private static final int GOOD = 0;
    private static final int CHECK = 2;

    private TestTarget target;

    @BeforeEach
    void start() {
        target = new TestTarget(0, 64 << 20, IscsiSettings.DEFAULT, false);
    }

    @AfterEach
    void stop() {
        target.close();
    }

    private RawInitiator ready(String name, String... keys) throws IOException {
        return RawInitiator.ready(target.port(), name, keys);
    }

    private static int[] read10(int lba, int sectors) {
        return new int[] {0x28, 0, 0, 0, lba >> 8, lba, 0, sectors >> 8, sectors, 0};
    }

    private static int[] write10(int lba, int sectors) {
        int[] cdb = read10(lba, sectors);
        cdb[0] = 0x2A;
        return cdb;
    }

    private static byte[] random(int length) {
        byte[] bytes = new byte[length];
        new Random(length).nextBytes(bytes);
        return bytes;
    }

    @Test
    void loginAnswersEachKeyAndDeclaresItsOwn() throws IOException {
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            Received login =
                    initiator.login(
                            "iqn.a",
                            1,
                            "HeaderDigest=None,CRC32C",
                            "InitialR2T=No",
                            "MaxBurstLength=16776192",
                            "IFMarker=No",
                            "X-what=1");
            assertThat(login.flags()).isEqualTo(0x87);
            assertThat(login.keys())
                    .containsEntry("TargetPortalGroupTag", "1")
                    .containsEntry("MaxRecvDataSegmentLength", "262144")
                    .containsEntry("HeaderDigest", "None")
                    .containsEntry("InitialR2T", "No")
                    .containsEntry("MaxBurstLength", "16776192")
                    .containsEntry("IFMarker", "No")
                    .containsEntry("X-what", "NotUnderstood");
            assertThat(login.header().getShort(14)).as("TSIH").isNotZero();
        }
    }

    @Test
    void firstCommandGetsThePowerOnAttentionOnce() throws IOException {
        try (RawInitiator initiator = new RawInitiator(target.port())) {
            initiator.login("iqn.a", 1);
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().sense()).isEqualTo(0x062900);
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().u8(3)).isEqualTo(GOOD);
        }
    }

    @Test
    void largeWriteIsSolicitedBurstByBurstAndReadsBack() throws IOException {
        byte[] data = random(64 * 512);
        try (RawInitiator initiator =
                ready(
                        "iqn.a",
                        "InitialR2T=Yes",
                        "ImmediateData=Yes",
                        "FirstBurstLength=4096",
                        "MaxBurstLength=8192",
                        "MaxOutstandingR2T=1",
                        "MaxRecvDataSegmentLength=4096")) {
            byte[] front = Arrays.copyOf(data, 4096);
            int tag = initiator.command(RawInitiator.WRITE, data.length, front, write10(8, 64));
            int offset = 4096;
            for (int number = 0; offset < data.length; number++) {
                Received r2t = initiator.receive();
                assertThat(r2t.opcode()).isEqualTo(0x31);
                assertThat(r2t.i32(36)).isEqualTo(number);
                assertThat(r2t.i32(40)).isEqualTo(offset);
                int length = r2t.i32(44);
                assertThat(length).isEqualTo(Math.min(8192, data.length - offset));
                int half = length / 2;
                initiator.dataOut(tag, r2t.i32(20), 0, offset, false, part(data, offset, half));
                initiator.dataOut(
                        tag, r2t.i32(20), 1, offset + half, true, part(data, offset + half, half));
                offset += length;
            }
            assertThat(initiator.receive().u8(3)).isEqualTo(GOOD);
            assertThat(readBack(initiator, data.length)).isEqualTo(data);
        }
    }

    private static byte[] part(byte[] data, int offset, int length) {
        return Arrays.copyOfRange(data, offset, offset + length);
    }

    /// Reads from LBA 8 and checks cutting, numbering, burst ends and the collapsed status.
    private static byte[] readBack(RawInitiator initiator, int length) throws IOException {
        initiator.command(RawInitiator.READ, length, NOTHING, read10(8, length / 512));
        ByteBuffer got = ByteBuffer.allocate(length);
        for (int number = 0; got.hasRemaining(); number++) {
            Received in = initiator.receive();
            assertThat(in.opcode()).isEqualTo(0x25);
            assertThat(in.i32(36)).isEqualTo(number);
            assertThat(in.i32(40)).isEqualTo(got.position());
            assertThat(in.data().length).isLessThanOrEqualTo(4096);
            got.put(in.data());
            boolean burstEnd = got.position() % 8192 == 0;
            int expected = !got.hasRemaining() ? 0x81 : burstEnd ? 0x80 : 0;
            assertThat(in.flags()).isEqualTo(expected);
        }
        return got.array();
    }

    @Test
    void shortExpectationIsReportedAsOverflow() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            initiator.command(RawInitiator.READ, 512, NOTHING, read10(0, 2));
            Received in = initiator.receive();
            assertThat(in.flags()).isEqualTo(0x85);
            assertThat(in.i32(44)).isEqualTo(512);
            assertThat(in.data()).hasSize(512);
            initiator.command(RawInitiator.READ, 2048, NOTHING, read10(0, 2));
            Received under = initiator.receive();
            assertThat(under.flags()).isEqualTo(0x83);
            assertThat(under.i32(44)).isEqualTo(1024);
        }
    }

    @Test
    void commandsRunInNumberOrderAndOutsideTheWindowAreIgnored() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            int next = initiator.nextCommandNumber();
            initiator.skipCommandNumbers(1);
            int second = initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            initiator.skipCommandNumbers(500);
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            initiator.skipCommandNumbers(next - initiator.nextCommandNumber());
            int first = initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().i32(16)).isEqualTo(first);
            Received last = initiator.receive();
            assertThat(last.i32(16)).isEqualTo(second);
            assertThat(last.i32(28)).as("ExpCmdSN").isEqualTo(next + 2);
        }
    }

    @Test
    void abortedWriteNeverAnswersAndTheFunctionWaitsForIt() throws Exception {
        try (RawInitiator initiator = ready("iqn.a");
                RawInitiator other = ready("iqn.b")) {
            target.onLoop(() -> target.lun().hold());
            int tag = initiator.command(RawInitiator.WRITE, 512, random(512), write10(0, 1));
            initiator.manage(1, 77, tag);
            // The target has taken both when it answers a ping that came after them.
            initiator.ping();
            target.onLoop(() -> assertThat(target.lun().heldCount()).isEqualTo(1));
            target.onLoop(() -> target.lun().letGo());
            Received answer = initiator.receive();
            assertThat(answer.opcode()).isEqualTo(0x22);
            assertThat(answer.u8(2)).isZero();
            initiator.ping();
            other.ping();
        }
    }

    /// Sends a ping and expects its echo as the very next PDU.
    @Test
    void abortOfAnUnknownTaskSaysSo() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            initiator.manage(1, 78, 9999);
            assertThat(initiator.receive().u8(2)).isEqualTo(1);
        }
    }

    @Test
    void unitResetEndsOthersTasksAndTellsThem() throws IOException {
        try (RawInitiator initiator = ready("iqn.a");
                RawInitiator other = ready("iqn.b")) {
            // The other's write waits for data that it never sends.
            other.command(RawInitiator.WRITE, 1024, NOTHING, write10(0, 2));
            assertThat(other.receive().opcode()).isEqualTo(0x31);
            initiator.manage(5, 79, -1);
            assertThat(initiator.receive().u8(2)).isZero();
            other.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(other.receive().sense()).isEqualTo(0x062903);
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().sense()).isEqualTo(0x062903);
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().u8(3)).isEqualTo(GOOD);
            initiator.manage(8, 80, -1);
            assertThat(initiator.receive().u8(2)).as("no reassignment").isEqualTo(4);
        }
    }

    @Test
    void coldResetIsAnsweredThenEverySessionEnds() throws IOException {
        try (RawInitiator initiator = ready("iqn.a");
                RawInitiator other = ready("iqn.b")) {
            initiator.manage(7, 79, -1);
            Received answer = initiator.receive();
            assertThat(answer.opcode()).isEqualTo(0x22);
            assertThat(answer.u8(2)).isZero();
            assertThat(initiator.isClosedByTarget()).isTrue();
            assertThat(other.isClosedByTarget()).isTrue();
        }
    }

    @Test
    void reservationConflictIsAStatus() throws IOException {
        try (RawInitiator holder = ready("iqn.a");
                RawInitiator other = ready("iqn.b")) {
            holder.command(RawInitiator.NONE, 0, NOTHING, 0x16, 0, 0, 0, 0, 0);
            assertThat(holder.receive().u8(3)).isEqualTo(GOOD);
            other.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(other.receive().u8(3)).isEqualTo(0x18);
        }
    }

    @Test
    void logoutIsAnsweredThenTheConnectionCloses() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            ByteBuffer header = RawInitiator.header(0x46, 0x80);
            header.putInt(16, 5).putInt(24, initiator.nextCommandNumber());
            initiator.send(header, NOTHING);
            Received answer = initiator.receive();
            assertThat(answer.opcode()).isEqualTo(0x26);
            assertThat(answer.u8(2)).isZero();
            assertThat(initiator.isClosedByTarget()).isTrue();
        }
    }

    @Test
    void snackIsRejectedAndTheSessionGoesOn() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            ByteBuffer header = RawInitiator.header(0x10, 0x80);
            header.putInt(16, -1).putInt(20, -1);
            initiator.send(header, NOTHING);
            Received reject = initiator.receive();
            assertThat(reject.opcode()).isEqualTo(0x3F);
            assertThat(reject.u8(2)).isEqualTo(3);
            assertThat(reject.data()).isEqualTo(RawInitiator.bytes(header));
            initiator.ping();
        }
    }

    @Test
    void outcomesOfTheVolumeBecomeStatusAndSense() throws IOException {
        Object[][] rows = {
            {new Outcome.MediumError(8 * 512), CHECK, 0x031100},
            {new Outcome.NoSpace(), CHECK, 0x072707},
            {new Outcome.WriteProtected(), CHECK, 0x072700},
            {new Outcome.OutOfRange(), CHECK, 0x052100},
            {new Outcome.NotServing("joining"), CHECK, 0x02040A},
            {new Outcome.Busy("full"), 8, 0},
            {new Outcome.Aborted("mirror away"), CHECK, 0x0B0000},
        };
        try (RawInitiator initiator = ready("iqn.a")) {
            for (Object[] row : rows) {
                target.onLoop(() -> target.lun().failNext((Outcome) row[0]));
                initiator.command(RawInitiator.READ, 512, NOTHING, read10(8, 1));
                Received answer = initiator.receive();
                assertThat(answer.u8(3)).as(row[0].toString()).isEqualTo(row[1]);
                if (answer.u8(3) == CHECK) {
                    assertThat(answer.sense()).as(row[0].toString()).isEqualTo(row[2]);
                }
            }
        }
    }

    @Test
    void unitThatDoesNotServeStillAnswersAboutItself() throws IOException {
        try (RawInitiator initiator = ready("iqn.a")) {
            target.onLoop(() -> target.lun().serve(false));
            initiator.command(RawInitiator.NONE, 0, NOTHING, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().sense()).isEqualTo(0x02040A);
            initiator.command(RawInitiator.READ, 36, NOTHING, 0x12, 0, 0, 0, 36, 0);
            assertThat(initiator.receive().data()).hasSize(36);
            initiator.command(RawInitiator.READ, 8, NOTHING, 0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0);
            assertThat(initiator.receive().data()).hasSize(8);
        }
    }

    @Test
    void everythingWorksWhenConnectionsHaveALoopOfTheirOwn() throws IOException {
        try (TestTarget apart = new TestTarget(0, 1 << 20, IscsiSettings.DEFAULT, true);
                RawInitiator initiator = new RawInitiator(apart.port())) {
            assertThat(initiator.login("iqn.a", 1).flags()).isEqualTo(0x87);
            initiator.settle();
            byte[] data = random(512);
            initiator.command(RawInitiator.WRITE, 512, data, write10(3, 1));
            assertThat(initiator.receive().u8(3)).isEqualTo(GOOD);
            initiator.command(RawInitiator.READ, 512, NOTHING, read10(3, 1));
            assertThat(initiator.receive().data()).isEqualTo(data);
        }
    }
}
