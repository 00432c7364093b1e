package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.LeakWatch;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.zip.CRC32C;

/// Header and data digests in all combinations, right and wrong.
@ExtendWith(LeakWatch.class)
class DigestTest {
    private static final String WRITE = "2a000000000000000100";
    private static final String READ = "28000000000000000100";

    private final World world = new World();
    private final EmbeddedHost host = new EmbeddedHost(world);

    private static byte[] crc(byte[]... parts) {
        CRC32C crc = new CRC32C();
        for (byte[] part : parts) {
            crc.update(part);
        }
        return ByteBuffer.allocate(4)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt((int) crc.getValue())
                .array();
    }

    private static byte[] pdu(ByteBuffer header, byte[] data, boolean headers, boolean datas) {
        header.putInt(4, data.length);
        byte[] head = RawInitiator.bytes(header);
        byte[] padded = Arrays.copyOf(data, data.length + 3 & ~3);
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        out.writeBytes(head);
        out.writeBytes(headers ? crc(head) : new byte[0]);
        out.writeBytes(padded);
        out.writeBytes(datas && data.length > 0 ? crc(padded) : new byte[0]);
        return out.toByteArray();
    }

    private void login(boolean headers, boolean datas) {
        assertThat(
                        host.enter(
                                        "iqn.a",
                                        "HeaderDigest=" + (headers ? "CRC32C" : "None"),
                                        "DataDigest=" + (datas ? "CRC32C" : "None"))
                                .keys())
                .containsEntry("HeaderDigest", headers ? "CRC32C" : "None")
                .containsEntry("DataDigest", datas ? "CRC32C" : "None");
    }

    /// The answer: its header, and its data after both digests were found right.
    private byte[] exchange(ByteBuffer header, byte[] data, boolean headers, boolean datas) {
        host.bytes(pdu(header, data, headers, datas));
        byte[] raw = host.rawOutput();
        byte[] head = Arrays.copyOf(raw, 48);
        int at = 48;
        if (headers) {
            assertThat(Arrays.copyOfRange(raw, at, at + 4)).isEqualTo(crc(head));
            at += 4;
        }
        int length = ByteBuffer.wrap(head).getInt(4) & 0xFF_FFFF;
        byte[] padded = Arrays.copyOfRange(raw, at, at + (length + 3 & ~3));
        at += padded.length;
        if (datas && length > 0) {
            assertThat(Arrays.copyOfRange(raw, at, at + 4)).isEqualTo(crc(padded));
            at += 4;
        }
        assertThat(raw).hasSize(at);
        byte[] answer = Arrays.copyOf(head, 48 + length);
        System.arraycopy(padded, 0, answer, 48, length);
        return answer;
    }

    private void settle(boolean headers, boolean datas) {
        exchange(host.commandHeader(0, 0x80, 0, "000000000000"), new byte[0], headers, datas);
    }

    @ParameterizedTest
    @CsvSource({"false,false", "false,true", "true,false", "true,true"})
    void everyCombinationCarriesDataBothWays(boolean headers, boolean datas) {
        login(headers, datas);
        settle(headers, datas);
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 0x5A);
        byte[] wrote = exchange(host.commandHeader(0, 0xA0, 512, WRITE), data, headers, datas);
        assertThat(wrote[3]).isZero();
        byte[] read = exchange(host.commandHeader(0, 0xC0, 512, READ), new byte[0], headers, datas);
        assertThat(Arrays.copyOfRange(read, 48, 560)).isEqualTo(data);
        byte[] odd =
                exchange(
                        host.commandHeader(0, 0xC0, 37, "120000002500"),
                        new byte[0],
                        headers,
                        datas);
        assertThat(odd).hasSize(48 + 37);
        host.close();
    }

    @Test
    void damagedDataIsRejectedAndNeverWritten() {
        login(true, true);
        settle(true, true);
        byte[] data = new byte[512];
        Arrays.fill(data, (byte) 0x5A);
        byte[] bad = pdu(host.commandHeader(0, 0xA0, 512, WRITE), data, true, true);
        bad[200] ^= 1;
        host.bytes(bad);
        byte[] raw = host.rawOutput();
        assertThat(raw[0] & 0x3F).as("Reject").isEqualTo(0x3F);
        assertThat(raw[2]).as("data digest error").isEqualTo((byte) 2);
        assertThat(host.isClosed()).isTrue();
        EmbeddedHost other = new EmbeddedHost(world).ready("iqn.b");
        assertThat(other.ask(0, 0xC0, 512, READ).data()).containsOnly(0);
        other.close();
    }

    @Test
    void damagedHeaderClosesWithoutAWord() {
        login(true, false);
        settle(true, false);
        byte[] bad = pdu(host.commandHeader(0, 0xC0, 512, READ), new byte[0], true, false);
        bad[33] ^= 4;
        host.bytes(bad);
        assertThat(host.rawOutput()).isEmpty();
        assertThat(host.isClosed()).isTrue();
    }
}
