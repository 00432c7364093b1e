package lockstep.cli.verify;

import static lockstep.cli.verify.SectorModel.Verdict.ACKNOWLEDGED;
import static lockstep.cli.verify.SectorModel.Verdict.FOREIGN;
import static lockstep.cli.verify.SectorModel.Verdict.LOST;
import static lockstep.cli.verify.SectorModel.Verdict.UNACKNOWLEDGED;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class SectorModelTest {
    private final SectorModel model = new SectorModel(4);

    @Test
    void anUntouchedSectorIsZeros() {
        assertThat(model.observe(0, Stamp.NEVER_WRITTEN)).isEqualTo(ACKNOWLEDGED);
        assertThat(model.observe(1, 5)).isEqualTo(FOREIGN);
    }

    @Test
    void anAcknowledgedWriteMustStand() {
        long write = model.begin(0, 2);
        model.acknowledged(write, 0, 2);
        assertThat(model.observe(0, Stamp.NEVER_WRITTEN)).isEqualTo(LOST);
        assertThat(model.observe(1, write)).isEqualTo(ACKNOWLEDGED);
    }

    @Test
    void anUnknownWriteMayStandOrNotButStandsOnceSeen() {
        long write = model.begin(0, 4);
        model.unknown(write, 0, 4);
        assertThat(model.observe(0, Stamp.NEVER_WRITTEN)).isEqualTo(ACKNOWLEDGED);
        assertThat(model.observe(0, write)).isEqualTo(LOST);
        assertThat(model.observe(1, write)).isEqualTo(UNACKNOWLEDGED);
        assertThat(model.observe(1, Stamp.NEVER_WRITTEN)).isEqualTo(LOST);
    }

    @Test
    void aLaterAcknowledgedWriteSupersedesAnUnknownOne() {
        long first = model.begin(0, 1);
        model.unknown(first, 0, 1);
        long second = model.begin(0, 1);
        model.acknowledged(second, 0, 1);
        assertThat(model.observe(0, first)).isEqualTo(LOST);
        assertThat(model.observe(0, second)).isEqualTo(ACKNOWLEDGED);
    }

    @Test
    void ofTwoWritesAtTheSameTimeEitherMayStand() {
        for (int sector = 0; sector < 2; sector++) {
            long first = model.begin(sector, 1);
            long second = model.begin(sector, 1);
            model.acknowledged(second, sector, 1);
            model.acknowledged(first, sector, 1);
            assertThat(model.observe(sector, sector == 0 ? first : second)).isEqualTo(ACKNOWLEDGED);
            assertThat(model.observe(sector, Stamp.NEVER_WRITTEN)).isEqualTo(LOST);
        }
    }

    @Test
    void aWriteThatDidNotHappenIsNoCandidate() {
        long write = model.begin(0, 1);
        model.notDone(write, 0, 1);
        assertThat(model.observe(0, write)).isEqualTo(LOST);
    }

    @Test
    void aSectorWithTooManyOpenWritesTakesNoMore() {
        int taken = 0;
        while (model.begin(0, 1) != 0) {
            taken++;
        }
        assertThat(taken).isEqualTo(5);
        assertThat(model.busy(0)).isTrue();
        assertThat(model.begin(1, 1)).isNotZero();
    }
}
