package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.disk.Membership.Joined;
import lockstep.blockstore.disk.SlotRing;

import org.junit.jupiter.api.Test;

import java.util.List;

final class RaidGeometryTest {
    private static final RaidGeometry GEOMETRY =
            new RaidGeometry(
                    List.of(new RaidGeometry.Group(3, 100), new RaidGeometry.Group(2, 70)));

    @Test
    void everyVbnComesBack() {
        assertThat(GEOMETRY.size()).isEqualTo(440);
        for (long vbn = 0; vbn < GEOMETRY.size(); vbn++) {
            int group = GEOMETRY.groupOf(vbn);
            long back = GEOMETRY.vbn(group, GEOMETRY.slotOf(vbn), GEOMETRY.dbnOf(vbn));
            assertThat(back).isEqualTo(vbn);
        }
    }

    @Test
    void eachDataDiskOwnsOneRange() {
        assertThat(GEOMETRY.vbn(0, 1, 0)).isEqualTo(100);
        assertThat(GEOMETRY.vbn(1, 0, 0)).isEqualTo(300);
        assertThat(GEOMETRY.vbn(1, 1, 69)).isEqualTo(439);
    }

    @Test
    void grownSpacesKeepTheirNumbers() {
        RaidGeometry grown =
                new RaidGeometry(
                        List.of(new RaidGeometry.Group(4, 3, 100), new RaidGeometry.Group(2, 70)),
                        List.of(new Joined(0, 3), new Joined(1, 2), new Joined(0, 1)));
        assertThat(grown.size()).isEqualTo(540);
        for (long vbn = 0; vbn < grown.size(); vbn++) {
            int group = grown.groupOf(vbn);
            long back = grown.vbn(group, grown.slotOf(vbn), grown.dbnOf(vbn));
            assertThat(back).isEqualTo(vbn);
            if (vbn < GEOMETRY.size()) {
                assertThat(GEOMETRY.groupOf(vbn)).isEqualTo(group);
                assertThat(GEOMETRY.slotOf(vbn)).isEqualTo(grown.slotOf(vbn));
                assertThat(GEOMETRY.dbnOf(vbn)).isEqualTo(grown.dbnOf(vbn));
            }
        }
        assertThat(grown.slotOf(440)).isEqualTo(4);
        assertThat(grown.firstVbns(0)).containsExactly(0L, 100L, 200L, 440L);
    }

    @Test
    void everySlotHasOneNeighbour() {
        for (int parity = 1; parity < 5; parity++) {
            for (int slots = parity + 1; slots < 9; slots++) {
                SlotRing ring = new SlotRing(parity, slots);
                int at = 0;
                for (int i = 0; i < slots; i++) {
                    assertThat(ring.before(ring.next(at))).isEqualTo(at);
                    at = ring.next(at);
                    assertThat(at == 0).isEqualTo(i == slots - 1);
                }
                // Of all relations only that of parity changes when a disk joins.
                SlotRing grown = new SlotRing(parity, slots + 1);
                for (int slot = 0; slot < slots; slot++) {
                    boolean same = grown.next(slot) == ring.next(slot);
                    assertThat(same).isEqualTo(slot != parity);
                }
                assertThat(grown.formerOfParity()).contains(ring.next(parity));
            }
        }
    }
}
