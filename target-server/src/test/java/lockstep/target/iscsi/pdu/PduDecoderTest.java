package lockstep.target.iscsi.pdu;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.target.LeakWatch;

import org.jscsi.parser.OperationCode;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The byte stream and the PDUs it is cut into.
@ExtendWith(LeakWatch.class)
class PduDecoderTest {
    /// A NOP-Out with 5 bytes of data, 3 of padding.
    private static byte[] nopOut(int ahsWords) {
        ByteBuf bytes = Unpooled.buffer();
        bytes.writeByte(0x40).writeByte(0x80).writeZero(2);
        bytes.writeInt(ahsWords << 24 | 5).writeLong(0x0001_0000_0000_0000L);
        bytes.writeInt(0xCAFE).writeInt(-1).writeInt(7).writeZero(20);
        bytes.writeZero(ahsWords * 4);
        bytes.writeBytes(new byte[] {1, 2, 3, 4, 5}).writeZero(3);
        return ByteBufUtil.getBytes(bytes);
    }

    /// What comes out when `bytes` arrive in pieces of `piece` bytes; data segments are copied.
    private static List<Object> decode(PduDecoder decoder, byte[] bytes, int piece) {
        EmbeddedChannel channel = new EmbeddedChannel(decoder);
        List<Object> out = new ArrayList<>();
        for (int at = 0; at < bytes.length; at += piece) {
            int length = Math.min(piece, bytes.length - at);
            ByteBuf in = channel.alloc().buffer(length).writeBytes(bytes, at, length);
            channel.writeInbound(in);
        }
        Object each = channel.readInbound();
        while (each != null) {
            if (each instanceof Pdu(var header, var data)) {
                out.add(new Pdu(header, Unpooled.copiedBuffer(data)));
                data.release();
            } else {
                out.add(each);
            }
            each = channel.readInbound();
        }
        channel.finishAndReleaseAll();
        return out;
    }

    @Test
    void everySplitGivesTheSamePdus() {
        byte[] one = nopOut(0);
        byte[] two = ByteBufUtil.getBytes(Unpooled.wrappedBuffer(one, one));
        for (int piece = 1; piece <= two.length; piece++) {
            List<Object> out = decode(new PduDecoder(8192), two, piece);
            assertThat(out).as("pieces of %d", piece).hasSize(2);
            for (Object each : out) {
                Pdu pdu = (Pdu) each;
                assertThat(pdu.header().code()).isEqualTo(OperationCode.NOP_OUT);
                assertThat(pdu.header().isImmediate()).isTrue();
                assertThat(pdu.header().taskTag()).isEqualTo(0xCAFE);
                assertThat(pdu.header().commandNumber()).isEqualTo(7);
                assertThat(ByteBufUtil.getBytes(pdu.data())).containsExactly(1, 2, 3, 4, 5);
            }
        }
    }

    @Test
    void additionalHeaderSegmentsAreSkipped() {
        List<Object> out = decode(new PduDecoder(8192), nopOut(255), 100);
        assertThat(out).hasSize(1);
        assertThat(ByteBufUtil.getBytes(((Pdu) out.get(0)).data())).containsExactly(1, 2, 3, 4, 5);
    }

    @Test
    void segmentBeyondTheLimitIsAFaultAndNothingFollows() {
        byte[] one = nopOut(0);
        byte[] two = ByteBufUtil.getBytes(Unpooled.wrappedBuffer(one, one));
        List<Object> out = decode(new PduDecoder(4), two, two.length);
        assertThat(out).hasSize(1);
        assertThat(((PduFault) out.get(0)).reason())
                .isEqualTo(PduFault.Reason.DATA_SEGMENT_TOO_LONG);
    }

    /// RFC 7143 appendix A.4: 32 bytes of zeros have the digest aa 36 91 8a, in this order.
    @Test
    void digestBytesStandInTheOrderOfTheStandard() {
        ByteBuf zeros = Unpooled.buffer().writeZero(32);
        ByteBuf wire = Unpooled.buffer().writeIntLE(Digests.of(zeros, 0, 32, 0));
        assertThat(ByteBufUtil.hexDump(wire)).isEqualTo("aa36918a");
        ByteBuf direct = Unpooled.directBuffer().writeZero(29);
        assertThat(Digests.of(direct, 0, 29, 3)).isEqualTo(wire.getIntLE(0));
        direct.release();
    }

    /// What the writer puts on the wire with both digests on.
    private static byte[] written(int dataBytes) {
        EmbeddedChannel channel = new EmbeddedChannel();
        PduWriter writer = new PduWriter(channel);
        writer.configure(true, true);
        byte[] data = new byte[dataBytes];
        Arrays.fill(data, (byte) 0x5A);
        writer.write(
                PduHeader.of(OperationCode.SCSI_DATA_IN).put32(16, 77),
                Unpooled.wrappedBuffer(data));
        channel.flush();
        ByteBuf all = Unpooled.buffer();
        ByteBuf each = channel.readOutbound();
        while (each != null) {
            all.writeBytes(each);
            each.release();
            each = channel.readOutbound();
        }
        channel.finishAndReleaseAll();
        return ByteBufUtil.getBytes(all);
    }

    private static PduDecoder withDigests() {
        PduDecoder decoder = new PduDecoder(0);
        decoder.configure(8192, true, true);
        return decoder;
    }

    @Test
    void whatIsWrittenWithDigestsIsReadBack() {
        for (int length : new int[] {0, 1, 255, 256, 257, 4096}) {
            List<Object> out = decode(withDigests(), written(length), 333);
            assertThat(out).as("%d bytes", length).hasSize(1);
            Pdu pdu = (Pdu) out.get(0);
            assertThat(pdu.header().taskTag()).isEqualTo(77);
            assertThat(pdu.data().readableBytes()).isEqualTo(length);
        }
    }

    @Test
    void flippedBitsAreFoundByTheDigestThatCoversThem() {
        byte[] good = written(300);
        for (int at : new int[] {0, 20, 47, 48, 51}) {
            byte[] bad = good.clone();
            bad[at] ^= 1;
            List<Object> out = decode(withDigests(), bad, bad.length);
            assertThat(((PduFault) out.get(0)).reason()).isEqualTo(PduFault.Reason.HEADER_DIGEST);
        }
        for (int at : new int[] {52, 351, 352, good.length - 1}) {
            byte[] bad = good.clone();
            bad[at] ^= 1;
            List<Object> out = decode(withDigests(), bad, bad.length);
            assertThat(((PduFault) out.get(0)).reason()).isEqualTo(PduFault.Reason.DATA_DIGEST);
        }
    }
}
