package lockstep.target.iscsi.pdu;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.ByteBufUtil;
import io.netty.channel.embedded.EmbeddedChannel;

import lockstep.target.fuzz.Bounds;
import lockstep.target.fuzz.FuzzInput;

import org.junit.jupiter.params.provider.MethodSource;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.Stream;

/// Any bytes in any pieces: PDUs come out the same however the stream was cut, no segment is longer
/// than was allowed, and memory is bounded by one segment.
class PduDecoderFuzzTest {
    private static final int SEGMENT_MAX = 2048;
    private static final int SLACK = 1024;

    static Stream<byte[]> seeds() {
        String noOperation = "40800000".repeat(1) + "00".repeat(44);
        String withData = "0181000000000005" + "00".repeat(40) + "6162636465000000";
        String withAhs = "01a1000002000004" + "00".repeat(40) + "0102030405060708" + "61626364";
        String tooLong = "0181000000ffffff" + "00".repeat(40);
        return Stream.of(
                        "00ff" + noOperation + withData + noOperation,
                        "0001" + withData + withAhs,
                        "0031" + withAhs + withData,
                        "0007" + tooLong + noOperation,
                        // Header digest, then both: the digests of these headers do not fit.
                        "0110" + noOperation + "00000000",
                        "0310" + withData + "00000000")
                .map(HexFormat.of()::parseHex);
    }

    @MethodSource("seeds")
    @FuzzTest(maxDuration = "90s")
    void aStreamIsCutTheSameHoweverItComes(byte[] bytes) {
        FuzzInput input = new FuzzInput(bytes);
        int digests = input.u8();
        int piece = input.u8() + 1;
        byte[] stream = input.take(Math.max(0, bytes.length - 2));
        List<String> whole = decoded(stream, digests, Math.max(1, stream.length));
        assertThat(decoded(stream, digests, piece)).isEqualTo(whole);
    }

    private static List<String> decoded(byte[] stream, int digests, int piece) {
        List<String> seen = new ArrayList<>();
        try (Bounds bounds = new Bounds(stream.length)) {
            PduDecoder decoder = new PduDecoder(SEGMENT_MAX);
            decoder.configure(SEGMENT_MAX, (digests & 1) != 0, (digests & 2) != 0);
            EmbeddedChannel channel = new EmbeddedChannel();
            channel.config().setAllocator(bounds.buffers());
            channel.pipeline().addLast(decoder);
            for (int at = 0; at < stream.length; at += piece) {
                int length = Math.min(piece, stream.length - at);
                ByteBuf part = bounds.buffers().directBuffer(length).writeBytes(stream, at, length);
                channel.writeInbound(part);
                drain(channel, seen);
                bounds.buffersWithin(SEGMENT_MAX + SLACK);
            }
            channel.finishAndReleaseAll();
        }
        return seen;
    }

    private static void drain(EmbeddedChannel channel, List<String> seen) {
        Object next = channel.readInbound();
        while (next != null) {
            assertThat(seen.isEmpty() || !seen.getLast().startsWith("fault")).isTrue();
            switch (next) {
                case PduFault fault -> seen.add("fault " + fault.reason());
                case Pdu pdu -> {
                    assertThat(pdu.data().readableBytes())
                            .isEqualTo(pdu.header().dataBytes())
                            .isLessThanOrEqualTo(SEGMENT_MAX);
                    seen.add(
                            HexFormat.of().formatHex(pdu.header().array())
                                    + ByteBufUtil.hexDump(pdu.data()));
                    pdu.release();
                }
                default -> throw new AssertionError("not a PDU: " + next);
            }
            next = channel.readInbound();
        }
    }
}
