package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.target.LeakWatch;
import lockstep.target.iscsi.pdu.PduWriter;
import lockstep.target.scsi.Sense;

import org.jscsi.parser.AbstractMessageParser;
import org.jscsi.parser.OperationCode;
import org.jscsi.parser.ProtocolDataUnit;
import org.jscsi.parser.ProtocolDataUnitFactory;
import org.jscsi.parser.login.LoginResponseParser;
import org.jscsi.parser.login.LoginStage;
import org.jscsi.parser.login.LoginStatus;
import org.jscsi.parser.nop.NOPInParser;
import org.jscsi.parser.r2t.Ready2TransferParser;
import org.jscsi.parser.scsi.SCSIResponseParser;
import org.jscsi.parser.scsi.SCSIStatus;
import org.jscsi.parser.tmf.TaskManagementFunctionResponseParser.ResponseCode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;

/// Our PDUs, read by another implementation's parsers. Left out are those it reads wrongly:
/// residual flags of Data-In, numbers above 2^31, digests.
@ExtendWith(LeakWatch.class)
class ResponsesTest {
    private final EmbeddedChannel channel = new EmbeddedChannel();
    private final Responses responses = new Responses(new PduWriter(channel), () -> {});

    @BeforeEach
    void number() {
        responses.numbering(() -> 41, () -> 168);
        responses.startStatus(9);
    }

    private ByteBuffer wire() {
        channel.flush();
        ByteBuf all = Unpooled.buffer();
        ByteBuf each = channel.readOutbound();
        while (each != null) {
            all.writeBytes(each);
            each.release();
            each = channel.readOutbound();
        }
        return all.nioBuffer();
    }

    private <T extends AbstractMessageParser> T parsed(Class<T> type) throws Exception {
        ProtocolDataUnit pdu = new ProtocolDataUnitFactory().create("None", "None");
        pdu.deserialize(wire());
        return type.cast(pdu.getBasicHeaderSegment().getParser());
    }

    @Test
    void readyToTransferShowsTheNextStatusWithoutUsingIt() throws Exception {
        responses.readyToTransfer(5, 0, new DataOut.Burst(77, 3, 8192, 4096));
        Ready2TransferParser parser = parsed(Ready2TransferParser.class);
        assertThat(parser.getTargetTransferTag()).isEqualTo(77);
        assertThat(parser.getReady2TransferSequenceNumber()).isEqualTo(3);
        assertThat(parser.getBufferOffset()).isEqualTo(8192);
        assertThat(parser.getDesiredDataTransferLength()).isEqualTo(4096);
        assertThat(parser.getStatusSequenceNumber()).isEqualTo(9);
        responses.taskManagement(6, ResponseCode.TASK_DOES_NOT_EXIST);
        ByteBuffer next = wire();
        assertThat(next.get(2)).isEqualTo(ResponseCode.TASK_DOES_NOT_EXIST.value());
        assertThat(next.getInt(24)).isEqualTo(9);
    }

    @Test
    void statusCarriesResidualAndNumbers() throws Exception {
        responses.scsi(5, SCSIStatus.BUSY, Responses.Residual.of(1000, 512), 2);
        SCSIResponseParser parser = parsed(SCSIResponseParser.class);
        assertThat(parser.getStatus()).isEqualTo(SCSIStatus.BUSY);
        assertThat(parser.isResidualUnderflow()).isTrue();
        assertThat(parser.isResidualOverflow()).isFalse();
        assertThat(parser.getResidualCount()).isEqualTo(488);
        assertThat(parser.getExpectedDataSequenceNumber()).isEqualTo(2);
        assertThat(parser.getExpectedCommandSequenceNumber()).isEqualTo(41);
        assertThat(parser.getMaximumCommandSequenceNumber()).isEqualTo(168);
        responses.scsi(5, SCSIStatus.GOOD, Responses.Residual.of(512, 512), 0);
        assertThat(parsed(SCSIResponseParser.class).getStatusSequenceNumber()).isEqualTo(10);
    }

    @Test
    void loginResponseIsUnderstood() throws Exception {
        responses.login(
                new Responses.Login(0x87, 0x8000_0000_0001_0000L, 3, 8, LoginStatus.SUCCESS),
                "A=1\0".getBytes(StandardCharsets.UTF_8));
        LoginResponseParser parser = parsed(LoginResponseParser.class);
        assertThat(parser.getStatus()).isEqualTo(LoginStatus.SUCCESS);
        assertThat(parser.getCurrentStageNumber())
                .isEqualTo(LoginStage.LOGIN_OPERATIONAL_NEGOTIATION);
        assertThat(parser.getNextStageNumber()).isEqualTo(LoginStage.FULL_FEATURE_PHASE);
        assertThat(parser.getTargetSessionIdentifyingHandle()).isEqualTo((short) 3);
    }

    @Test
    void pingHasNoTaskTag() throws Exception {
        responses.ping(12);
        NOPInParser parser = parsed(NOPInParser.class);
        assertThat(parser.getTargetTransferTag()).isEqualTo(12);
        assertThat(parser.getStatusSequenceNumber()).isEqualTo(9);
    }

    /// Golden bytes of a CHECK CONDITION, header and sense.
    @Test
    void senseGoesBehindItsLength() {
        responses.sense(
                0x0102_0304, Sense.LBA_OUT_OF_RANGE.plain(), Responses.Residual.of(512, 0), 0);
        byte[] bytes = new byte[68];
        wire().get(bytes);
        assertThat(bytes[0]).isEqualTo(OperationCode.SCSI_RESPONSE.value());
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo(
                        "21820002"
                                + "00000014"
                                + "0000000000000000"
                                + "01020304"
                                + "00000000"
                                + "00000009"
                                + "00000029"
                                + "000000a8"
                                + "00000000"
                                + "00000000"
                                + "00000200"
                                + "0012"
                                + "700005000000000a00000000210000000000");
    }
}
