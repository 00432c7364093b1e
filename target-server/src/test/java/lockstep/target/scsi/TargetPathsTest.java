package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.target.scsi.Hosts.Host;

import org.junit.jupiter.api.Test;

import java.util.List;

/// What hosts see of the ways to a LUN.
class TargetPathsTest {
    private AccessState state = AccessState.STANDBY;

    private final Hosts hosts =
            Hosts.through(
                    new TargetPaths() {
                        @Override
                        public AccessState here() {
                            return state;
                        }

                        @Override
                        public List<Group> groups() {
                            return List.of(
                                    new Group(7, 7, state),
                                    new Group(0x1234, 0x5678, AccessState.ACTIVE_OPTIMIZED));
                        }
                    });

    @Test
    void mirrorAnswersAboutItselfAndServesNothing() {
        hosts.lun().serve(false);
        Host host = hosts.new Host("a");
        assertThat(host.ready()).isEqualTo("6/29/00");
        Object[][] rows = {
            {AccessState.STANDBY, "2/04/0b"},
            {AccessState.UNAVAILABLE, "2/04/0c"},
            {AccessState.TRANSITIONING, "2/04/0a"},
        };
        for (Object[] row : rows) {
            state = (AccessState) row[0];
            host.attentions();
            assertThat(host.ready()).isEqualTo(row[1]);
            assertThat(host.read()).isEqualTo(row[1]);
            assertThat(host.write()).isEqualTo(row[1]);
            assertThat(host.register(0, 1)).isEqualTo(row[1]);
            assertThat(host.send(0x16, 0).status()).isEqualTo(row[1]);
            byte[] sense = host.send(3, 0, 0, 0, 18, 0).data();
            assertThat("%x/%02x/%02x".formatted(sense[2], sense[12], sense[13])).isEqualTo(row[1]);
            assertThat(host.send(0x12, 0, 0, 0, 36, 0).data()[5])
                    .as("TPGS, 3PC")
                    .isEqualTo((byte) 0x18);
            assertThat(host.send(0xA0, 0, 0, 0, 0, 0, 0, 0, 1, 0).data()).hasSize(16);
            assertThat(host.send(0x25, 0).data()).hasSize(8);
            assertThat(host.keys()).containsExactly(0L);
        }
    }

    @Test
    void takeoverIsToldOnceAndServesTheSameSession() {
        hosts.lun().serve(false);
        Host host = hosts.host("a");
        assertThat(host.ready()).isEqualTo("2/04/0b");
        state = AccessState.ACTIVE_OPTIMIZED;
        MemoryLun active = hosts.lun().reopened(false);
        active.put(Reservations.NAME, kept().encode(), _ -> {});
        hosts.target().switchLun(active);
        assertThat(host.attentions()).containsExactly("6/2a/06");
        assertThat(host.read()).as("reserved at the source before").isEqualTo("CONFLICT");
        assertThat(host.reservation()).isEqualTo("1 type 3");
    }

    @Test
    void mirrorShowsWhatItsSourceReserved() {
        hosts.lun().serve(false);
        Host host = hosts.host("a");
        assertThat(host.reservation()).isEqualTo("none");
        hosts.lun().put(Reservations.NAME, kept().encode(), _ -> {});
        assertThat(host.reservation()).isEqualTo("1 type 3");
    }

    private static PersistentState kept() {
        var holder = new PersistentState.Registration(Hosts.port("z"), 1, 9, false);
        return new PersistentState(
                1, false, ReservationType.EXCLUSIVE_ACCESS, holder.port(), List.of(holder));
    }

    @Test
    void groupsAreReportedInBothFormats() {
        Host host = hosts.host("a");
        byte[] plain = host.send(0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 1, 0).data();
        int[] groups = {
            2, 0x8D, 0, 7, 0, 2, 0, 1, 0, 0, 0, 7, 0, 0x8D, 0x12, 0x34, 0, 2, 0, 1, 0, 0, 0x56, 0x78
        };
        assertThat(plain).hasSize(28).startsWith(0, 0, 0, 24).endsWith(bytes(groups));
        byte[] extended = host.send(0xA3, 0x2A, 0, 0, 0, 0, 0, 0, 1, 0).data();
        assertThat(extended).startsWith(0, 0, 0, 28, 0x10, 60, 0, 0).endsWith(bytes(groups));
        assertThat(host.send(0xA3, 0x4A, 0, 0, 0, 0, 0, 0, 1, 0).status()).isEqualTo("5/24/00");
        assertThat(host.send(0xA3, 0x0A, 0, 0, 0, 0, 0, 0, 0, 6).data()).hasSize(6);
    }

    private static byte[] bytes(int... values) {
        byte[] bytes = new byte[values.length];
        for (int at = 0; at < values.length; at++) {
            bytes[at] = (byte) values[at];
        }
        return bytes;
    }

    @Test
    void resetStandsForAllThatWasPending() {
        Host host = hosts.host("a");
        state = AccessState.ACTIVE_OPTIMIZED;
        hosts.lun().resize(2 << 20);
        Host other = hosts.host("b");
        other.ready();
        hosts.target()
                .manage(
                        other.nexus(),
                        new ManagementFunction.LogicalUnitReset(Hosts.LUN_ONE),
                        _ -> {});
        assertThat(host.attentions()).containsExactly("6/29/03");
    }
}
