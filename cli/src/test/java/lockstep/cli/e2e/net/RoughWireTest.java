package lockstep.cli.e2e.net;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

final class RoughWireTest {
    private static final int HEADERS = 40;

    private static byte[] tcp(int... content) {
        ByteBuffer packet = ByteBuffer.allocate(HEADERS + content.length);
        packet.put(0, (byte) 0x45).put(9, (byte) 6).put(32, (byte) 0x50);
        for (int i = 0; i < content.length; i++) {
            packet.put(HEADERS + i, (byte) content[i]);
        }
        return packet.array();
    }

    private static int sum(byte[] packet) {
        int sum = 0;
        for (int at = 20; at < packet.length; at += 2) {
            sum += ByteBuffer.wrap(packet).getShort(at) & 0xffff;
        }
        return sum;
    }

    @Test
    void spoiltContentHasTheSameChecksum() {
        byte[] packet = tcp(1, 2, 1, 2, 1, 3, 9, 9);
        RoughWire.spoil(packet);
        assertThat(packet).isEqualTo(tcp(1, 2, 1, 3, 1, 2, 9, 9));
        assertThat(sum(packet)).isEqualTo(sum(tcp(1, 2, 1, 2, 1, 3, 9, 9)));
    }

    @Test
    void whatHasNoContentIsLeftAlone() {
        for (byte[] packet : new byte[][] {tcp(), tcp(7, 7, 7, 7), new byte[10]}) {
            byte[] before = packet.clone();
            RoughWire.spoil(packet);
            assertThat(packet).isEqualTo(before);
        }
    }
}
