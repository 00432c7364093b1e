package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.scsi.PersistentState.Registration;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;

/// The bytes of reservations in the volume's state, and TransportIDs.
class PersistentStateTest {
    private static final PersistentState STATE =
            new PersistentState(
                    7,
                    true,
                    ReservationType.WRITE_EXCLUSIVE_REGISTRANTS_ONLY,
                    "iqn.b,i,0x00023d000002",
                    List.of(
                            new Registration(
                                    "iqn.a,i,0x00023d000001", 0x1122334455667788L, 3, true),
                            new Registration("iqn.b,i,0x00023d000002", -2, 0xFFFF, false)));

    private static final String GOLDEN =
            """
            01 01 05 00 00 00 00 07 00 01 00 02
            11 22 33 44 55 66 77 88 00 03 01 00 00 16
            69 71 6e 2e 61 2c 69 2c 30 78 30 30 30 32 33 64 30 30 30 30 30 31
            ff ff ff ff ff ff ff fe ff ff 00 00 00 16
            69 71 6e 2e 62 2c 69 2c 30 78 30 30 30 32 33 64 30 30 30 30 30 32
            """;

    private static byte[] golden() {
        return HexFormat.of().parseHex(GOLDEN.replaceAll("\\s", ""));
    }

    private static byte[] bytes(PersistentState state) {
        ByteBuffer encoded = state.encode();
        byte[] bytes = new byte[encoded.remaining()];
        encoded.get(bytes);
        return bytes;
    }

    @Test
    void goldenBytesAreWrittenAndRead() {
        assertThat(bytes(STATE)).isEqualTo(golden());
        assertThat(PersistentState.decode(golden())).isEqualTo(STATE);
        assertThat(PersistentState.decode(bytes(PersistentState.NONE)))
                .isEqualTo(PersistentState.NONE);
    }

    @Test
    void otherVersionsAndDamageAreNoState() {
        byte[] newer = golden();
        newer[0] = 2;
        assertThat(PersistentState.decode(newer)).isNull();
        for (int length = 0; length < golden().length; length++) {
            assertThat(PersistentState.decode(Arrays.copyOf(golden(), length))).isNull();
        }
        assertThat(PersistentState.decode(Arrays.copyOf(golden(), golden().length + 1))).isNull();
        Random random = new Random(11);
        for (int i = 0; i < 20_000; i++) {
            byte[] damaged = golden();
            damaged[random.nextInt(12)] = (byte) random.nextInt();
            damaged[random.nextInt(damaged.length)] = (byte) random.nextInt();
            PersistentState state = PersistentState.decode(damaged);
            if (state != null) {
                assertThat(PersistentState.decode(bytes(state))).isEqualTo(state);
            }
        }
    }

    @Test
    void whatCannotBeReadFencesEverybodyUntilItIsCleared() {
        Hosts hosts = new Hosts();
        hosts.lun().put(Reservations.NAME, ByteBuffer.wrap(new byte[] {99}), _ -> {});
        Hosts after = hosts.reopened(true);
        Hosts.Host host = after.host("a");
        assertThat(host.read()).isEqualTo("CONFLICT");
        assertThat(host.register(0, 1)).isEqualTo("GOOD");
        assertThat(host.read()).isEqualTo("CONFLICT");
        assertThat(host.clear(1)).isEqualTo("GOOD");
        assertThat(host.read()).isEqualTo("GOOD");
    }

    @Test
    void transportIdsAreThoseOfIscsiPorts() {
        String port = "iqn.a,i,0x00023d00000a";
        byte[] bytes = TransportId.encode(port);
        assertThat(bytes).hasSize(4 + 24).startsWith(0x45, 0, 0, 24).endsWith('a', 0, 0);
        assertThat(TransportId.take(ByteBuffer.wrap(bytes))).isEqualTo(port);
        byte[] upper = TransportId.encode("iqn.a,i,0x00023D00000A");
        assertThat(TransportId.take(ByteBuffer.wrap(upper))).isEqualTo(port);
        String[] wrong = {"iqn.a", "iqn.a,i,0x00023d00000", "iqn.a,t,0x0001", ",i,0x00023d00000a"};
        for (String each : wrong) {
            byte[] id = TransportId.encode(each);
            assertThat(TransportId.take(ByteBuffer.wrap(id))).as(each).isNull();
        }
        for (int at = 0; at < 4; at++) {
            byte[] damaged = bytes.clone();
            int where = at == 1 ? 3 : at;
            damaged[where] = (byte) (damaged[where] + 3);
            assertThat(TransportId.take(ByteBuffer.wrap(damaged))).isNull();
        }
    }
}
