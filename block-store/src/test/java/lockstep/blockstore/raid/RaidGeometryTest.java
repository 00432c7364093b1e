package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

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
}
