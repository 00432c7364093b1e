package lockstep.replication.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Crc32c;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.SplittableRandom;

/// Cutting a byte stream into messages, and what hostile streams can do: nothing (invariant 10).
class FrameReaderTest {
    private static final List<Message> SAMPLES = WireSamples.all();

    @Test
    void messagesAreCutOutOfAStreamWhereverItIsSplit() {
        ByteBuffer stream = streamOfAll();
        FrameReader reader = new FrameReader();
        List<Message> seen = new ArrayList<>();
        // The bytes arrive seven at a time.
        for (int arrived = 0; arrived <= stream.capacity(); arrived += 7) {
            stream.limit(Math.min(arrived, stream.capacity()));
            drain(reader, stream, seen);
        }
        stream.limit(stream.capacity());
        drain(reader, stream, seen);
        assertThat(seen).isEqualTo(WireSamples.all());
    }

    @Test
    void tellsHowManyBytesTheNextMessageTakes() {
        ByteBuffer frame = MessageCodec.encode(MessageCodec.LINK, WireSamples.all().getFirst());
        int whole = frame.remaining();
        FrameReader reader = new FrameReader();
        frame.limit(10);
        assertThat(reader.next(frame)).isNull();
        assertThat(reader.bytesNeeded(frame)).isEqualTo(MessageCodec.HEADER_BYTES);
        frame.limit(whole - 1);
        assertThat(reader.next(frame)).isNull();
        assertThat(reader.bytesNeeded(frame)).isEqualTo(whole);
    }

    @Test
    void nothingComesBeforeTheHandshake() {
        ByteBuffer frame = MessageCodec.encode(MessageCodec.LINK, new LinkMessage.Heartbeat(1));
        assertThatThrownBy(() -> new FrameReader().next(frame))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("HEARTBEAT before the handshake");
    }

    @Test
    void aStrangersFrameIsLimitedToAHandshakesSize() {
        ByteBuffer header = ByteBuffer.allocate(FrameHeader.SIZE);
        new FrameHeader(MessageType.HELLO, MessageCodec.LINK, 513, 0).encode(header, 0);
        assertThatThrownBy(() -> new FrameReader().next(header))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessage("frame of 513 bytes, limit 512");
    }

    @ParameterizedTest
    @ValueSource(ints = {MessageCodec.MAX_PAYLOAD_BYTES + 1, Integer.MAX_VALUE, -1})
    void aLengthOverTheCapIsRefusedOnItsHeaderAlone(int length) {
        ByteBuffer header = ByteBuffer.allocate(FrameHeader.SIZE);
        new FrameHeader(MessageType.CP_DATA, WireSamples.VOLUME, length, 0).encode(header, 0);
        assertThatThrownBy(() -> MessageCodecTest.established().next(header))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("limit " + MessageCodec.MAX_PAYLOAD_BYTES);
    }

    @Test
    void flagsOfALaterVersionAreRefused() {
        for (int at = 5; at < 8; at++) {
            ByteBuffer frame = MessageCodec.encode(MessageCodec.LINK, WireSamples.all().getFirst());
            frame.put(at, (byte) 1);
            MessageCodecTest.sealHeader(frame);
            assertThatThrownBy(() -> new FrameReader().next(frame))
                    .isInstanceOf(ProtocolViolation.class)
                    .hasMessageContaining("flags");
        }
    }

    @Test
    void n10AnyFlippedBitIsNoticed() {
        for (Message message : WireSamples.all()) {
            ByteBuffer frame = MessageCodec.encode(WireSamples.volumeOf(message), message);
            int bytes = Math.min(frame.remaining(), 200);
            for (int bit = 0; bit < bytes * 8; bit++) {
                ByteBuffer bad =
                        ByteBuffer.allocate(frame.remaining()).put(0, frame, 0, frame.remaining());
                bad.put(bit / 8, (byte) (bad.get(bit / 8) ^ 1 << bit % 8));
                assertThatThrownBy(() -> MessageCodecTest.established().next(bad))
                        .isInstanceOf(ProtocolViolation.class);
            }
        }
    }

    /// Mutated payloads under right checksums reach the decoders: each gives a message or a
    /// violation.
    @Test
    void mutatedPayloadsUnderRightChecksumsNeverDoAnythingElse() {
        SplittableRandom random = new SplittableRandom(20261122);
        int accepted = 0;
        int refused = 0;
        for (int round = 0; round < 40_000; round++) {
            ByteBuffer frame = mutate(random);
            try {
                assertThat(MessageCodecTest.established().next(frame)).isNotNull();
                accepted++;
            } catch (ProtocolViolation _) {
                refused++;
            }
        }
        assertThat(accepted).isGreaterThan(1000);
        assertThat(refused).isGreaterThan(1000);
    }

    @Test
    void noiseIsAlwaysRefused() {
        SplittableRandom random = new SplittableRandom(7);
        for (int round = 0; round < 5_000; round++) {
            byte[] noise = new byte[32 + random.nextInt(100)];
            random.nextBytes(noise);
            FrameReader reader =
                    random.nextBoolean() ? new FrameReader() : MessageCodecTest.established();
            assertThatThrownBy(() -> reader.next(ByteBuffer.wrap(noise)))
                    .isInstanceOf(ProtocolViolation.class);
        }
    }

    private static ByteBuffer mutate(SplittableRandom random) {
        Message message = SAMPLES.get(random.nextInt(SAMPLES.size()));
        ByteBuffer good = MessageCodec.encode(WireSamples.volumeOf(message), message);
        int goodLength = good.remaining() - FrameHeader.SIZE;
        int length = random.nextInt(4) == 0 ? random.nextInt(goodLength + 40) : goodLength;
        byte[] payload = new byte[length];
        good.get(FrameHeader.SIZE, payload, 0, Math.min(length, goodLength));
        for (int change = random.nextInt(4); change > 0 && length > 0; change--) {
            byte value = random.nextBoolean() ? (byte) 0xff : (byte) random.nextInt(256);
            payload[random.nextInt(Math.min(length, 120))] = value;
        }
        List<MessageType> types = List.copyOf(EnumSet.allOf(MessageType.class));
        MessageType type =
                random.nextInt(5) == 0
                        ? types.get(random.nextInt(types.size()))
                        : PayloadEncoder.typeOf(message);
        ByteBuffer frame = ByteBuffer.allocate(FrameHeader.SIZE + length).put(32, payload);
        int crc = Crc32c.of(frame, FrameHeader.SIZE, length);
        var volume = type.isLinkLevel() ? MessageCodec.LINK : WireSamples.VOLUME;
        new FrameHeader(type, volume, length, crc).encode(frame, 0);
        return frame;
    }

    private static void drain(FrameReader reader, ByteBuffer stream, List<Message> seen) {
        for (FrameReader.Frame f = reader.next(stream); f != null; f = reader.next(stream)) {
            seen.add(f.message());
        }
    }

    private static ByteBuffer streamOfAll() {
        int total = WireSamples.all().stream().mapToInt(MessageCodec::frameBytes).sum();
        ByteBuffer stream = ByteBuffer.allocate(total);
        WireSamples.all().forEach(m -> MessageCodec.encode(WireSamples.volumeOf(m), m, stream));
        return stream.flip();
    }
}
