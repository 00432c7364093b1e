package lockstep.target.iscsi.login;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.netty.buffer.Unpooled;

import lockstep.blockstore.sim.Simulation;
import lockstep.target.access.AccessTable;
import lockstep.target.access.Credential;
import lockstep.target.access.Gatekeeper;
import lockstep.target.access.HostRule;
import lockstep.target.access.InitiatorPattern;
import lockstep.target.access.LunMask;
import lockstep.target.access.Secret;
import lockstep.target.fuzz.Bounds;
import lockstep.target.fuzz.FuzzInput;
import lockstep.target.iscsi.pdu.Pdu;
import lockstep.target.iscsi.pdu.PduHeader;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.jscsi.parser.OperationCode;
import org.junit.jupiter.params.provider.MethodSource;

import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.stream.Stream;

/// Any requests of a login: it ends after few of them, no answer is longer than a request may be,
/// and what a completed login settles is within what this target offers. An input is a byte whose
/// lowest bit says that the host has to prove itself, then requests of `flags(1) | lowest
/// version(1) | text length(2) | text`.
class LoginPhaseFuzzTest {
    private static final String TARGET = "iqn.2026-11.io.lockstep:t";
    private static final String NAMES = "InitiatorName=iqn.i\0TargetName=" + TARGET + "\0";
    private static final String LONG_BURST = "FirstBurstLength=16777215\0";
    private static final int REQUESTS_MAX = 16;
    private static final HostRule RULE =
            new HostRule(
                    Objects.requireNonNull(InitiatorPattern.parse("iqn.i")),
                    List.of(),
                    LunMask.ALL,
                    new Credential("i", Secret.of("a secret of 16 b"), new byte[] {1}),
                    null);

    static Stream<byte[]> seeds() {
        return Stream.of(
                        "00" + request("87", NAMES),
                        "00"
                                + request("81", NAMES + "AuthMethod=CHAP,None\0")
                                + request(
                                        "87", "HeaderDigest=CRC32C,None\0MaxBurstLength=0x1000\0"),
                        "01"
                                + request("81", NAMES + "AuthMethod=CHAP\0")
                                + request("00", "CHAP_A=5,6,7\0")
                                + request("01", "CHAP_N=i\0CHAP_R=0x00\0CHAP_I=1\0CHAP_C=0x0102\0"),
                        "00"
                                + request("44", "InitiatorName=iqn.i\0Targe")
                                + request("87", "tName=" + TARGET + "\0ErrorRecoveryLevel=2\0"),
                        "01" + request("87", "InitiatorName=iqn.i\0SessionType=Discovery\0X=y\0"),
                        "00" + request("87", NAMES + "MaxRecvDataSegmentLength=512\0" + LONG_BURST),
                        "00"
                                + request("04", NAMES + "MaxConnections=65535\0IFMarkInt=1~2\0")
                                + request("87", "MaxConnections=1\0"))
                .map(HexFormat.of()::parseHex);
    }

    private static String request(String flags, String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return "%s00%04x%s".formatted(flags, bytes.length, HexFormat.of().formatHex(bytes));
    }

    private static LoginPhase login(boolean withProof) {
        ScsiTarget target =
                new ScsiTarget(
                        new PortIdentity(TARGET, 1, 1),
                        new Simulation(1).newLoop("core"),
                        ScsiLimits.DEFAULT);
        AccessTable table = withProof ? AccessTable.open("v").with(RULE) : AccessTable.open("v");
        TargetCatalog catalog =
                new TargetCatalog() {
                    @Override
                    public List<ScsiTarget> targets() {
                        return List.of(target);
                    }

                    @Override
                    public AccessTable access(ScsiTarget asked) {
                        return table;
                    }
                };
        Gatekeeper gatekeeper = new Gatekeeper(false, true, new Random(3)::nextLong, () -> 0);
        return new LoginPhase(
                catalog,
                new Doors(gatekeeper, new Caps(Caps.Limits.DEFAULT)),
                IscsiSettings.DEFAULT,
                InetAddress.getLoopbackAddress(),
                /* loopback= */ true);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "60s")
    void aLoginIsShortAndItsResultIsInRange(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        try (Bounds _ = new Bounds(bytes.length)) {
            LoginPhase login = login((input.u8() & 1) != 0);
            int answers = 0;
            boolean open = true;
            while (open && input.hasMore()) {
                PduHeader header = PduHeader.of(OperationCode.LOGIN_REQUEST);
                header.put8(1, input.u8()).put8(3, input.u8());
                byte[] text = input.sized(LoginPhase.REQUEST_BYTES_MAX);
                header.put32(4, text.length);
                LoginPhase.Step step = login.receive(new Pdu(header, Unpooled.wrappedBuffer(text)));
                open = settled(step) instanceof LoginPhase.Reply;
                check(step);
                answers++;
            }
            assertThat(answers).isLessThanOrEqualTo(REQUESTS_MAX + 1);
        }
    }

    private static LoginPhase.Step settled(LoginPhase.Step step) {
        return step instanceof LoginPhase.Delayed(_, var then) ? settled(then) : step;
    }

    private static void check(LoginPhase.Step step) {
        switch (step) {
            case LoginPhase.Reply(_, byte[] text) ->
                    assertThat(text.length).isLessThanOrEqualTo(LoginPhase.REQUEST_BYTES_MAX);
            case LoginPhase.Complete complete -> {
                assertThat(complete.text().length)
                        .isLessThanOrEqualTo(LoginPhase.REQUEST_BYTES_MAX);
                assertThat(complete.standing().initiator()).isNotEmpty();
                inRange(complete.parameters());
            }
            case LoginPhase.Failed(var status, _, _) -> assertThat(status).isNotNull();
            case LoginPhase.Delayed(_, var then) -> check(then);
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
