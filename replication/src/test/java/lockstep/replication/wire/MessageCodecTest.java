package lockstep.replication.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.log.EntryCodec;

import org.junit.jupiter.api.Test;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// Layout and bounds of every message.
class MessageCodecTest {
    @Test
    void samplesHoldEveryType() {
        EnumSet<MessageType> seen = EnumSet.noneOf(MessageType.class);
        WireSamples.all().forEach(message -> seen.add(PayloadEncoder.typeOf(message)));
        assertThat(seen).containsExactly(MessageType.values());
    }

    @Test
    void everyMessageComesBackAsItWas() {
        FrameReader reader = established();
        for (Message message : WireSamples.all()) {
            ByteBuffer frame = MessageCodec.encode(WireSamples.volumeOf(message), message);
            assertThat(frame.remaining()).isEqualTo(MessageCodec.frameBytes(message));
            FrameReader.Frame back = Objects.requireNonNull(reader.next(frame));
            assertThat(back.message()).isEqualTo(message);
            assertThat(back.volume()).isEqualTo(WireSamples.volumeOf(message));
            assertThat(frame.hasRemaining()).isFalse();
        }
    }

    @Test
    void bytesAreTheOnesWrittenDown() {
        List<String> written = new ArrayList<>(resource("wire/golden-v1.txt").lines().toList());
        written.addAll(resource("wire/golden-v2.txt").lines().toList());
        written.addAll(resource("wire/golden-v3.txt").lines().toList());
        written.addAll(resource("wire/golden-v4.txt").lines().toList());
        assertThat(WireSamples.all().stream().map(MessageCodecTest::golden))
                .containsExactlyInAnyOrderElementsOf(written);
    }

    @Test
    void encodingLeavesLentBuffersAlone() {
        ByteBuffer root = WireSamples.text("root");
        MessageCodec.encode(WireSamples.VOLUME, new VolumeMessage.CpCommit(WireSamples.CP, root));
        assertThat(root.position()).isZero();
        assertThat(root.remaining()).isEqualTo(4);
    }

    @Test
    void directBuffersWorkLikeHeapOnes() {
        Message message = new VolumeMessage.CpCommit(WireSamples.CP, WireSamples.text("root"));
        ByteBuffer direct = ByteBuffer.allocateDirect(200);
        MessageCodec.encode(WireSamples.VOLUME, message, direct.position(3));
        direct.flip().position(3);
        assertThat(established().next(direct))
                .isNotNull()
                .satisfies(frame -> assertThat(frame.message()).isEqualTo(message));
    }

    @Test
    void theLargestLogEntryFitsAFrame() {
        ByteBuffer encoded = ByteBuffer.allocate(EntryCodec.MAX_ENTRY_BYTES);
        Message message = new VolumeMessage.Entries(WireSamples.EPOCH, 1, 1, List.of(encoded));
        ByteBuffer frame = MessageCodec.encode(WireSamples.VOLUME, message);
        assertThat(Objects.requireNonNull(established().next(frame)).message()).isEqualTo(message);
    }

    @Test
    void longTextsAreCutAtACharacter() {
        String text = "ä".repeat(500);
        ByteBuffer frame = MessageCodec.encode(WireSamples.VOLUME, new VolumeMessage.Fault(text));
        FrameReader.Frame back = Objects.requireNonNull(established().next(frame));
        assertThat(back.message()).isEqualTo(new VolumeMessage.Fault("ä".repeat(200)));
    }

    @Test
    void levelsDoNotMix() {
        assertThatThrownBy(
                        () -> MessageCodec.encode(WireSamples.VOLUME, new LinkMessage.Heartbeat(1)))
                .isInstanceOf(BrokenInvariant.class);
        assertThatThrownBy(
                        () ->
                                MessageCodec.encode(
                                        MessageCodec.LINK, new VolumeMessage.VolumeUnknown()))
                .isInstanceOf(BrokenInvariant.class);
        ByteBuffer frame = MessageCodec.encode(MessageCodec.LINK, new LinkMessage.Heartbeat(1));
        frame.put(8, (byte) 1);
        sealHeader(frame);
        assertThatThrownBy(() -> established().next(frame))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining("HEARTBEAT for volume");
    }

    @Test
    void hostileCountsAreRefusedBeforeTheyAreUsed() {
        refused(payload(MessageType.CP_DATA, 20, 0xffff), "65535 runs");
        refused(payload(MessageType.CP_REFERENCES, 20, 0xffff), "65535 references");
        refused(payload(MessageType.CP_COMMIT, 20, 0xffff), "a root of 65535 bytes");
        refused(payload(MessageType.CP_CHANGES, 20, 0xffff), "65535 changes");
        refused(payload(MessageType.CP_CHANGES, 20, 0), "0 changes");
        refused(payload(MessageType.OLDER_IMAGES, 0, 0xffff), "65535 images");
        refused(payload(MessageType.ENTRIES, 20, 0), "0 entries");
        refused(payload(MessageType.ENTRIES, 20, 9), "9 entries in 0 bytes");
        refused(payload(MessageType.FAULT, 0, 0xffff), "text of 65535 bytes");
    }

    @Test
    void blockNumbersPastTheEndOfTheWorldAreRefused() {
        Message message =
                new VolumeMessage.CpReferences(
                        WireSamples.CP, List.of(new ReferenceRun((1L << 48) - 3, 4, 1, 0)));
        refused(MessageCodec.encode(WireSamples.VOLUME, message), "4 blocks at block number");
    }

    /// A frame of `type` whose payload is `zeros` zero bytes and then the two bytes of `number`.
    private static ByteBuffer payload(MessageType type, int zeros, int number) {
        ByteBuffer frame = ByteBuffer.allocate(FrameHeader.SIZE + zeros + 2);
        frame.putShort(FrameHeader.SIZE + zeros, (short) number);
        int crc = Crc32c.of(frame, FrameHeader.SIZE, zeros + 2);
        new FrameHeader(type, WireSamples.VOLUME, zeros + 2, crc).encode(frame, 0);
        return frame;
    }

    private static void refused(ByteBuffer frame, String why) {
        assertThatThrownBy(() -> established().next(frame))
                .isInstanceOf(ProtocolViolation.class)
                .hasMessageContaining(why);
    }

    static FrameReader established() {
        FrameReader reader = new FrameReader();
        reader.next(MessageCodec.encode(MessageCodec.LINK, WireSamples.all().getFirst()));
        return reader;
    }

    static void sealHeader(ByteBuffer frame) {
        frame.putInt(28, Crc32c.of(frame, 0, 28));
    }

    /// Name and bytes; of block contents, which are 4 KiB each, the checksum stands for the rest.
    private static String golden(Message message) {
        ByteBuffer frame = MessageCodec.encode(WireSamples.volumeOf(message), message);
        int length = frame.remaining();
        byte[] shown = new byte[Math.min(length, 160)];
        frame.get(0, shown);
        return PayloadEncoder.typeOf(message)
                + " "
                + length
                + " "
                + HexFormat.of().formatHex(shown);
    }

    private static String resource(String path) {
        try (InputStream in = MessageCodecTest.class.getClassLoader().getResourceAsStream(path)) {
            assertThat(in).as(path).isNotNull();
            return new String(in.readAllBytes(), StandardCharsets.US_ASCII);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /// Prints the golden bytes, for when a new version adds lines: compare before committing.
    public static void main(String[] args) {
        System.out.println(
                WireSamples.all().stream()
                        .map(MessageCodecTest::golden)
                        .collect(Collectors.joining("\n")));
    }
}
