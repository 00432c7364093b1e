package lockstep.replication.tail;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;

/// Golden bytes of a kept tail, and that damage is noticed.
final class TailFormatTest {
    private static final Epoch EPOCH = new Epoch(3, 0x0102030405060708L);
    private static final TailFormat.Place ENTRY =
            TailFormat.Place.of(null, new Position(EPOCH, 77));
    private static final TailFormat.Place IMAGE = TailFormat.Place.of(new CpId(EPOCH, 9), null);
    private static final List<TailFormat.Part> ALL =
            List.of(
                    new TailFormat.Head(
                            new VolumeId(0xA, 0xB),
                            5,
                            6,
                            new CpId(EPOCH, 8),
                            new CpId(EPOCH, 9),
                            new Position(EPOCH, 70),
                            "vol"),
                    new TailFormat.Range(1, 4096, 512, IMAGE, text("abc")),
                    new TailFormat.Range(1, 0, 1 << 20, ENTRY, text("")),
                    new TailFormat.Value("k", text("v"), ENTRY),
                    new TailFormat.Unreadable(2, 8192, 4096, IMAGE),
                    new TailFormat.End(4));

    private static ByteBuffer text(String text) {
        return ByteBuffer.wrap(text.getBytes(StandardCharsets.US_ASCII));
    }

    private static String hex(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    @Test
    void aFileHasItsBytes() {
        String epoch = "000000030102030405060708";
        String image = "02" + epoch + "0000000000000009";
        String entry = "01" + epoch + "000000000000004d";
        String[] bodies = {
            "00"
                    + "000000000000000a000000000000000b"
                    + "0000000000000005"
                    + "0000000000000006"
                    + epoch
                    + "0000000000000008"
                    + epoch
                    + "0000000000000009"
                    + epoch
                    + "0000000000000046"
                    + "0003766f6c",
            "01" + "00000001" + "0000000000001000" + "0000000000000200" + image + "00000003616263",
            "01" + "00000001" + "0000000000000000" + "0000000000100000" + entry + "00000000",
            "02" + entry + "00016b" + "0000000176",
            "03" + "00000002" + "0000000000002000" + "0000000000001000" + image,
            "04" + "0000000000000004"
        };
        assertThat(hex(TailFormat.begin())).isEqualTo("4c535441494c0d0a" + "00000001");
        for (int i = 0; i < bodies.length; i++) {
            ByteBuffer encoded = TailFormat.encode(ALL.get(i));
            assertThat(encoded.getInt(0)).isEqualTo(bodies[i].length() / 2);
            assertThat(hex(encoded).substring(16)).isEqualTo(bodies[i]);
            assertThat(TailFormat.read(encoded)).isEqualTo(ALL.get(i));
            assertThat(encoded.hasRemaining()).isFalse();
        }
    }

    @Test
    void damageAndCutsAreNoticed() {
        for (TailFormat.Part record : ALL) {
            ByteBuffer encoded = TailFormat.encode(record);
            for (int i = 0; i < encoded.limit(); i++) {
                byte right = encoded.get(i);
                encoded.put(i, (byte) (right ^ 0x10));
                assertThat(TailFormat.read(encoded.duplicate())).as("byte %d", i).isNull();
                encoded.put(i, right);
                assertThat(TailFormat.read(encoded.slice(0, i))).as("cut at %d", i).isNull();
            }
        }
        assertThat(TailFormat.readBegin(text("LSTAIL")) == null).isFalse();
        ByteBuffer newer = TailFormat.begin().putInt(8, 2);
        assertThat(TailFormat.readBegin(newer)).contains("version 2");
    }
}
