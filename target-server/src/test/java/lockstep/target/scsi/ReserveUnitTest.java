package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.scsi.Hosts.Host;

import org.junit.jupiter.api.Test;

/// RESERVE and RELEASE, and what ends them.
class ReserveUnitTest {
    private static final String GOOD = "GOOD";
    private static final String CONFLICT = "CONFLICT";

    private final Hosts hosts = new Hosts();
    private final Host a = hosts.host("a");
    private final Host b = hosts.host("b");

    @Test
    void resetKeepsPersistentReservationsAndEndsTheOtherKind() {
        assertThat(a.send(0x16, 0, 0, 0, 0, 0).status()).isEqualTo(GOOD);
        assertThat(b.send(0x16, 0, 0, 0, 0, 0).status()).isEqualTo(CONFLICT);
        reset();
        assertThat(a.attentions()).containsExactly("6/29/03");
        assertThat(b.attentions()).containsExactly("6/29/03");
        assertThat(b.send(0x16, 0, 0, 0, 0, 0).status()).isEqualTo(GOOD);
        assertThat(b.send(0x17, 0, 0, 0, 0, 0).status()).isEqualTo(GOOD);
        a.register(0, 1);
        a.reserve(3, 1);
        reset();
        b.attentions();
        assertThat(b.read()).isEqualTo(CONFLICT);
    }

    private void reset() {
        hosts.target()
                .manage(a.nexus(), new ManagementFunction.LogicalUnitReset(Hosts.LUN_ONE), _ -> {});
    }

    @Test
    void reserveOfTheWholeUnit() {
        for (int reserve : new int[] {0x16, 0x56}) {
            assertThat(a.send(reserve, 0).status()).isEqualTo(GOOD);
            assertThat(a.send(reserve, 0).status()).isEqualTo(GOOD);
            assertThat(a.write()).isEqualTo(GOOD);
            assertThat(b.send(reserve, 0).status()).isEqualTo(CONFLICT);
            assertThat(b.ready()).isEqualTo(CONFLICT);
            assertThat(b.read()).isEqualTo(CONFLICT);
            assertThat(b.send(0x12, 0, 0, 0, 36, 0).status()).isEqualTo(GOOD);
            assertThat(b.send(reserve + 1, 0).status()).as("not its own").isEqualTo(GOOD);
            assertThat(b.read()).isEqualTo(CONFLICT);
            assertThat(a.registerAnyway(1)).isEqualTo(CONFLICT);
            assertThat(a.send(reserve + 1, 0).status()).isEqualTo(GOOD);
            assertThat(b.read()).isEqualTo(GOOD);
            b.send(reserve, 0);
            b.loginAgain();
            assertThat(a.write()).as("the nexus is lost").isEqualTo(GOOD);
            b.attentions();
        }
        a.register(0, 1);
        assertThat(b.send(0x16, 0).status()).as("others are registered").isEqualTo(CONFLICT);
        assertThat(b.send(0x17, 0).status()).isEqualTo(CONFLICT);
        a.reserve(5, 1);
        assertThat(a.send(0x16, 0).status()).isEqualTo(GOOD);
        assertThat(a.send(0x17, 0).status()).isEqualTo(GOOD);
        assertThat(a.reservation()).isEqualTo("1 type 5");
    }
}
