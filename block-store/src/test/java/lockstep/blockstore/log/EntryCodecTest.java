package lockstep.blockstore.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.List;
import java.util.SplittableRandom;

class EntryCodecTest {
    private static final Position AT = new Position(new Epoch(3, 0x1122334455667788L), 99);
    private static final Position FROM = new Position(new Epoch(2, 7), 90);

    static List<LogEntry> everyKind() {
        return List.of(
                new LogEntry.Write(AT, 4, 1024, ByteBuffer.allocate(1024).put(3, (byte) 9)),
                new LogEntry.Unmap(AT, 4, 512, 1L << 40),
                new LogEntry.WriteSame(AT, 4, 0, 4096, ByteBuffer.allocate(512).put(0, (byte) 1)),
                new LogEntry.Put(AT, "pr/ключ", ByteBuffer.wrap(new byte[] {1, 2, 3})),
                new LogEntry.Put(AT, "gone", ByteBuffer.allocate(0)),
                new LogEntry.EpochOpened(AT, FROM));
    }

    private static ByteBuffer encoded(LogEntry entry) {
        ByteBuffer bytes = ByteBuffer.allocate(EntryCodec.encodedLength(entry));
        EntryCodec.encode(entry, bytes);
        assertThat(bytes.hasRemaining()).isFalse();
        return bytes.flip();
    }

    @ParameterizedTest
    @MethodSource("everyKind")
    void decodedEntryEqualsTheEncodedOne(LogEntry entry) throws MalformedEntry {
        ByteBuffer bytes = encoded(entry);
        assertThat(EntryCodec.lengthAt(bytes)).isEqualTo(bytes.limit());
        assertThat(EntryCodec.decode(bytes)).isEqualTo(entry);
        assertThat(bytes.hasRemaining()).isFalse();
    }

    @ParameterizedTest
    @MethodSource("everyKind")
    void everyFlippedBitIsRefused(LogEntry entry) {
        ByteBuffer bytes = encoded(entry);
        for (int bit = 0; bit < bytes.limit() * 8; bit++) {
            byte before = bytes.get(bit / 8);
            bytes.put(bit / 8, (byte) (before ^ (1 << bit % 8)));
            ByteBuffer view = bytes.duplicate();
            assertThatThrownBy(() -> EntryCodec.decode(view)).isInstanceOf(MalformedEntry.class);
            assertThat(view.position()).isZero();
            bytes.put(bit / 8, before);
        }
    }

    @ParameterizedTest
    @MethodSource("everyKind")
    void everyCutIsRefused(LogEntry entry) {
        ByteBuffer bytes = encoded(entry);
        for (int limit = 0; limit < bytes.limit(); limit++) {
            ByteBuffer cut = bytes.duplicate().limit(limit);
            assertThatThrownBy(() -> EntryCodec.decode(cut)).isInstanceOf(MalformedEntry.class);
        }
    }

    @Test
    void hostileBytesDoNothingButBeRefused() {
        SplittableRandom random = new SplittableRandom(1);
        int refused = 0;
        for (int round = 0; round < 50_000; round++) {
            byte[] noise = new byte[random.nextInt(120)];
            random.nextBytes(noise);
            if (noise.length > 2) {
                // Past the cheapest checks, so the later ones are reached.
                noise[0] = (byte) random.nextInt(1, 6);
                noise[1] = 0;
            }
            if (noise.length > 31) {
                noise[4] = 0;
                noise[24] = 0;
                noise[28] = 0;
            }
            try {
                LogEntry entry = EntryCodec.decode(ByteBuffer.wrap(noise));
                assertThat(entry).isNull();
            } catch (MalformedEntry e) {
                refused++;
            }
        }
        assertThat(refused).isEqualTo(50_000);
    }

    @Test
    void fieldsOutOfRangeAreRefusedThoughTheirChecksumsHold() {
        for (LogEntry wrong :
                List.of(
                        new LogEntry.Write(AT, 1, 100, ByteBuffer.allocate(512)),
                        new LogEntry.Write(AT, 1, 0, ByteBuffer.allocate(100)),
                        new LogEntry.Write(AT, -1, 0, ByteBuffer.allocate(512)),
                        new LogEntry.Unmap(AT, 1, -512, 512),
                        new LogEntry.Unmap(AT, 1, Long.MAX_VALUE - 511, 1024),
                        new LogEntry.Unmap(AT, 1, 0, 7),
                        new LogEntry.WriteSame(AT, 1, 0, 512, ByteBuffer.allocate(8)))) {
            assertThatThrownBy(() -> EntryCodec.decode(encoded(wrong)))
                    .as("%s", wrong)
                    .isInstanceOf(MalformedEntry.class);
        }
    }

    /// The checksum is that of what came, not of what is there when the entry is written.
    @Test
    void dataThatIsSpoiledInMemoryIsNotTaken() {
        ByteBuffer data = ByteBuffer.allocate(4096);
        LogEntry entry = new LogEntry.Write(AT, 1, 0, data);
        data.put(77, (byte) 1);
        assertThatThrownBy(() -> EntryCodec.decode(encoded(entry)))
                .isInstanceOf(MalformedEntry.class)
                .hasMessageContaining("checksum of the data");
    }

    @Test
    void goldenBytes() {
        LogEntry entry = new LogEntry.Put(AT, "key", ByteBuffer.wrap(new byte[] {1, 2, 3, 4}));
        assertThat(HexFormat.of().formatHex(encoded(entry).array())).isEqualTo(GOLDEN_PUT);
        assertThat(HexFormat.of().formatHex(encoded(new LogEntry.EpochOpened(AT, FROM)).array()))
                .isEqualTo(GOLDEN_EPOCH);
    }

    private static final String GOLDEN_PUT =
            "0400000300000003112233445566778800000000000000630000000000000004"
                    + "0000000000000000000000000000000029308cf41757e98a6b657901020304";
    private static final String GOLDEN_EPOCH =
            "0500000000000003112233445566778800000000000000630000000200000000"
                    + "0000000000000007000000000000005a0000000038d93107";
}
