package lockstep.cli.initiator;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/// The reader on bytes cut anywhere, with digests by the examples of RFC 7143 section 13.1: 32
/// bytes of zeros have CRC32C aa 36 91 8a as sent.
final class PduReaderTest {
    private static final String ZEROS_DIGEST = "aa36918a";

    private final List<String> told = new ArrayList<>();
    private final PduReader reader = new PduReader(new Recorder(), 64, () -> {});
    private final EmbeddedChannel channel = new EmbeddedChannel(reader);

    private final class Recorder implements PduReader.Sink {
        @Override
        public void header(ByteBuffer borrowedHeader, int length) {
            told.add("header " + (borrowedHeader.get(0) & 0x3f) + " " + length);
        }

        @Override
        public void data(ByteBuf borrowed, int count) {
            told.add("data " + count);
        }

        @Override
        public void end() {
            told.add("end");
        }

        @Override
        public void readComplete() {}

        @Override
        public void closed(String reason) {
            told.add(reason);
        }
    }

    @Test
    void bytesOneByOneGiveTheSamePduAndPaddingIsNotData() {
        for (byte single : pdu(5)) {
            channel.writeInbound(Unpooled.wrappedBuffer(new byte[] {single}));
        }
        assertThat(told)
                .containsExactly(
                        "header 37 5", "data 1", "data 1", "data 1", "data 1", "data 1", "end");
    }

    @Test
    void severalPdusInOneReadAreAllTold() {
        byte[] one = pdu(0);
        channel.writeInbound(Unpooled.wrappedBuffer(one, one, pdu(4)));
        assertThat(told)
                .containsExactly(
                        "header 37 0", "end", "header 37 0", "end", "header 37 4", "data 4", "end");
    }

    @Test
    void aRightDataDigestPassesAndAWrongOneCloses() {
        reader.expectDigests(false, true);
        byte[] digest = HexFormat.of().parseHex(ZEROS_DIGEST);
        channel.writeInbound(Unpooled.wrappedBuffer(pdu(32), digest));
        assertThat(told).containsExactly("header 37 32", "data 32", "end");
        digest[0] ^= 1;
        channel.writeInbound(Unpooled.wrappedBuffer(pdu(32), digest));
        assertThat(told).endsWith("data 32", "a data digest is wrong");
        assertThat(channel.isOpen()).isFalse();
    }

    @Test
    void aSegmentLongerThanDeclaredCloses() {
        channel.writeInbound(Unpooled.wrappedBuffer(pdu(65)));
        assertThat(told).containsExactly("a data segment of 65 bytes");
    }

    // A Data-In with a data segment of zeros, padded.
    private static byte[] pdu(int dataLength) {
        byte[] pdu = new byte[Bhs.LENGTH + dataLength + Bhs.padding(dataLength)];
        pdu[0] = Bhs.DATA_IN;
        pdu[7] = (byte) dataLength;
        return pdu;
    }
}
