package lockstep.target.iscsi.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.netty.buffer.Unpooled;

import lockstep.blockstore.sim.Simulation;
import lockstep.target.fuzz.Bounds;
import lockstep.target.fuzz.FuzzInput;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.jscsi.parser.OperationCode;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// Any requests of a login: it ends after few of them, no answer is longer than a request may be,
/// and what a completed login settles is within what this target offers. An input is requests of
/// `flags(1) | lowest version(1) | text length(2) | text`.
class LoginPhaseFuzzTest {
    private static final String TARGET = "iqn.2026-11.io.lockstep:t";
    private static final String NAMES = "InitiatorName=iqn.i\0TargetName=" + TARGET + "\0";
    private static final String LONG_BURST = "FirstBurstLength=16777215\0";
    private static final int REQUESTS_MAX = 16;

    static Stream<byte[]> seeds() {
        return Stream.of(
                        request("87", NAMES),
                        request("81", NAMES + "AuthMethod=CHAP,None\0")
                                + request(
                                        "87", "HeaderDigest=CRC32C,None\0MaxBurstLength=0x1000\0"),
                        request("81", NAMES + "AuthMethod=CHAP\0")
                                + request("00", "CHAP_A=5,6,7\0")
                                + request("01", "CHAP_N=i\0CHAP_R=0x00\0CHAP_I=1\0CHAP_C=0x0102\0"),
                        request("44", "InitiatorName=iqn.i\0Targe")
                                + request("87", "tName=" + TARGET + "\0ErrorRecoveryLevel=2\0"),
                        request("87", "InitiatorName=iqn.i\0SessionType=Discovery\0X=y\0"),
                        request("87", NAMES + "MaxRecvDataSegmentLength=512\0" + LONG_BURST),
                        request("04", NAMES + "MaxConnections=65535\0IFMarkInt=1~2\0")
                                + request("87", "MaxConnections=1\0"))
                .map(HexFormat.of()::parseHex);
    }

    private static String request(String flags, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return "%s00%04x%s".formatted(flags, bytes.length, HexFormat.of().formatHex(bytes));
    }

    private static LoginPhase login() {
        ScsiTarget target =
                new ScsiTarget(
                        new PortIdentity(TARGET, 1, 1),
                        new Simulation(1).newLoop("core"),
                        ScsiLimits.DEFAULT);
        return new LoginPhase(() -> List.of(target), IscsiSettings.DEFAULT);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "60s")
    void aLoginIsShortAndItsResultIsInRange(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        try (Bounds _ = new Bounds(bytes.length)) {
            LoginPhase login = login();
            int answers = 0;
            boolean open = true;
            while (open && input.hasMore()) {
                PduHeader header = PduHeader.of(OperationCode.LOGIN_REQUEST);
                header.put8(1, input.u8()).put8(3, input.u8());
                byte[] text = input.sized(LoginPhase.REQUEST_BYTES_MAX);
                header.put32(4, text.length);
                LoginPhase.Step step = login.receive(new Pdu(header, Unpooled.wrappedBuffer(text)));
                open = step instanceof LoginPhase.Reply;
                check(step);
                answers++;
            }
            assertThat(answers).isLessThanOrEqualTo(REQUESTS_MAX + 1);
        }
    }

    private static void check(LoginPhase.Step step) {
        switch (step) {
            case LoginPhase.Reply(_, byte[] text) ->
                    assertThat(text.length).isLessThanOrEqualTo(LoginPhase.REQUEST_BYTES_MAX);
            case LoginPhase.Complete complete -> {
                assertThat(complete.text().length)
                        .isLessThanOrEqualTo(LoginPhase.REQUEST_BYTES_MAX);
                assertThat(complete.initiator()).isNotEmpty();
                inRange(complete.parameters());
            }
            case LoginPhase.Failed(var status, _) -> assertThat(status).isNotNull();
        }
    }

    private static void inRange(SessionParameters settled) {
        IscsiSettings offered = IscsiSettings.DEFAULT;
        assertThat(settled.initiatorSegmentMax()).isBetween(512, 0xFF_FFFF);
        assertThat(settled.burstMax()).isBetween(512, offered.burstMax());
        assertThat(settled.firstBurst()).isBetween(512, settled.burstMax());
        assertThat(settled.firstBurst()).isLessThanOrEqualTo(offered.firstBurst());
        assertThat(settled.outstandingR2tMax()).isBetween(1, offered.outstandingR2tMax());
    }
}
