package lockstep.target.scsi;

import static lockstep.target.scsi.TestUnits.LUN_ONE;
import static lockstep.target.scsi.TestUnits.LUN_TWO;
import static lockstep.target.scsi.TestUnits.cdb;
import static lockstep.target.scsi.TestUnits.cdb16;
import static lockstep.target.scsi.TestUnits.data;
import static lockstep.target.scsi.TestUnits.filled;
import static lockstep.target.scsi.TestUnits.good;
import static lockstep.target.scsi.TestUnits.sense;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.volume.LunSpace;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;

/// Mode pages, log pages and thresholds of a unit.
class UnitStateTest {
    private static final byte[] CONTROL = cdb(0x1A, 8, 0x0A, 0, 255);

    private final TestUnits units = new TestUnits();

    private static byte[] select(byte[] list) {
        return cdb(0x15, 0x10, 0, 0, list.length);
    }

    /// What MODE SENSE(6) sent as what MODE SELECT(6) takes, with byte `at` of the page changed.
    private byte[] changed(byte[] sense, int at, int bits) {
        byte[] list = data(units.run(sense));
        list[0] = 0;
        list[4 + at] = (byte) (list[4 + at] ^ bits);
        return list;
    }

    @Test
    void aUnitThatShowsASnapshotTakesNoWrites() {
        units.one.protect();
        assertThat(data(units.run(CONTROL))[2] & 0x80).isEqualTo(0x80);
        byte[][] changes = {
            cdb16(0x8A, 0, 0, 1), cdb16(0x93, 0, 0, 1), cdb(0x42, 0, 0, 0, 0, 0, 0, 0, 8),
        };
        for (byte[] change : changes) {
            assertThat(sense(units.run(filled(1, 1), change)))
                    .as("%02X", change[0])
                    .isEqualTo(Sense.WRITE_PROTECTED);
        }
        assertThat(units.read(LUN_ONE, 0, 1)).isEqualTo(filled(1, 0));
    }

    @Test
    void writeProtectionHoldsForAllUntilItIsTakenBack() {
        Nexus other = units.target.attach("other");
        units.settle(other);
        byte[] list = changed(CONTROL, 4, 8);
        good(units.run(list, select(list)));
        assertThat(sense(units.run(other, LUN_ONE, null, cdb(0x00))))
                .isEqualTo(Sense.MODE_PARAMETERS_CHANGED);
        good(units.run(cdb(0x00)));
        assertThat(data(units.run(CONTROL))[2] & 0x80).isEqualTo(0x80);
        byte[][] changes = {
            cdb16(0x8A, 0, 0, 1),
            cdb16(0x93, 0, 0, 1),
            cdb16(0x9C, 0, 0, 1 << 16 | 1),
            ByteBuffer.wrap(cdb(0x89)).put(13, (byte) 1).array(),
            cdb16(0x8B, 0, 0, 1),
            cdb(0x42, 0, 0, 0, 0, 0, 0, 0, 8),
        };
        for (byte[] change : changes) {
            assertThat(sense(units.run(other, LUN_ONE, filled(1, 1), change)))
                    .as("%02X", change[0])
                    .isIn(Sense.SOFTWARE_WRITE_PROTECTED, Sense.INVALID_FIELD_IN_CDB);
        }
        assertThat(sense(units.run(filled(1, 1), changes[0])))
                .isEqualTo(Sense.SOFTWARE_WRITE_PROTECTED);
        assertThat(units.read(LUN_ONE, 0, 1)).isEqualTo(filled(1, 0));
        units.write(LUN_TWO, 0, filled(1, 1));
        units.target.manage(units.nexus, new ManagementFunction.LogicalUnitReset(LUN_ONE), _ -> {});
        units.settle(units.nexus);
        units.write(LUN_ONE, 0, filled(1, 1));
    }

    @Test
    void whatCannotChangeIsRefusedAndPointedAt() {
        Object[][] rows = {
            {cdb(0x1A, 8, 0x08, 0, 255), 2, 4}, // WCE
            {CONTROL, 2, 4}, // D_SENSE
            {CONTROL, 4, 0x10},
            {cdb(0x1A, 8, 0x1C, 0, 255), 3, 6}, // MRIE
            {cdb(0x1A, 8, 0x1C, 2, 255), 4, 1}, // SITUA
        };
        for (Object[] row : rows) {
            int at = (int) row[1];
            byte[] list = changed((byte[]) row[0], at, (int) row[2]);
            ScsiResult result = units.run(list, select(list));
            assertThat(TestUnits.senseData(result))
                    .isEqualTo(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(4 + at));
            list[4 + at] = (byte) (list[4 + at] ^ (int) row[2]);
            good(units.run(list, select(list)));
            byte[] cut = Arrays.copyOf(list, list.length - 1);
            assertThat(sense(units.run(cut, select(cut))))
                    .isEqualTo(Sense.PARAMETER_LIST_LENGTH_ERROR);
        }
        byte[] save = cdb(0x15, 0x11, 0, 0, 0);
        assertThat(sense(units.run(save))).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        good(units.run(cdb(0x55, 0x10, 0, 0, 0, 0, 0, 0, 0)));
    }

    @Test
    void blockDescriptorMayOnlyRepeatTheSize() {
        byte[] list = data(units.run(cdb(0x5A, 0x10, 0x0A, 0, 0, 0, 0, 0, 255)));
        list[0] = 0;
        list[1] = 0;
        byte[] select = cdb(0x55, 0x10, 0, 0, 0, 0, 0, 0, list.length);
        good(units.run(list, select));
        list[8 + 7] = 1;
        assertThat(sense(units.run(list, select))).isEqualTo(Sense.INVALID_FIELD_IN_PARAMETER_LIST);
    }

    @Test
    void modeSenseTellsWhatMayChange() {
        byte[] changeable = data(units.run(cdb(0x1A, 8, 0x4A, 0, 255)));
        assertThat(Arrays.copyOfRange(changeable, 4, 16))
                .containsExactly(0x0A, 10, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0);
        byte[] all = data(units.run(cdb(0x1A, 8, 0x3F, 0xFF, 255)));
        assertThat(all).hasSize(4 + 20 + 12 + 12 + 24);
        assertThat(sense(units.run(cdb(0x1A, 8, 0xCA, 0, 255))))
                .isEqualTo(Sense.SAVING_PARAMETERS_NOT_SUPPORTED);
        for (int[] unknown : new int[][] {{0x02, 0}, {0x0A, 1}, {0x3F, 2}}) {
            assertThat(sense(units.run(cdb(0x1A, 8, unknown[0], unknown[1], 255))))
                    .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        }
    }

    @Test
    void softThresholdIsToldOnceToEachNexusAtEachCrossing() {
        Nexus other = units.target.attach("other");
        units.settle(other);
        for (int crossing = 0; crossing < 2; crossing++) {
            units.one.space(new LunSpace(1000L << 20, 200L << 20));
            for (Nexus nexus : new Nexus[] {units.nexus, other}) {
                assertThat(sense(units.run(nexus, LUN_ONE, null, cdb(0x00))))
                        .isEqualTo(Sense.THIN_PROVISIONING_SOFT_THRESHOLD_REACHED);
                good(units.run(nexus, LUN_ONE, null, cdb(0x00)));
            }
            units.one.space(new LunSpace(1000L << 20, 210L << 20));
            good(units.run(cdb(0x00)));
            units.one.space(new LunSpace(1000L << 20, 200L << 20));
            good(units.run(cdb(0x00)));
            units.one.space(new LunSpace(1000L << 20, 300L << 20));
            good(units.run(cdb(0x00)));
        }
    }

    @Test
    void logPagesTellTheSpaceInThresholdSets() {
        units.one.space(new LunSpace(1000L << 20, 300L << 20));
        ByteBuffer page = ByteBuffer.wrap(data(units.run(log(0x4C, 0))));
        assertThat(page.limit()).isEqualTo(4 + 2 * 12);
        assertThat(page.getShort(2)).isEqualTo((short) 24);
        assertThat(page.getInt(8)).isEqualTo(300);
        assertThat(page.getInt(20)).isEqualTo(700);
        assertThat(data(units.run(log(0x40, 0)))).containsExactly(0, 0, 0, 3, 0, 0x0C, 0x2F);
        assertThat(data(units.run(log(0x6F, 0)))).hasSize(12);
        for (int[] unknown : new int[][] {{0x50, 0}, {0x4C, 1}, {0x0C, 0}}) {
            assertThat(sense(units.run(log(unknown[0], unknown[1]))))
                    .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        }
        byte[] threshold = data(units.run(cdb(0x1A, 8, 0x1C, 2, 255)));
        assertThat(ByteBuffer.wrap(threshold).getInt(4 + 20)).isEqualTo(800);
    }

    private static byte[] log(int page, int subpage) {
        return cdb(0x4D, 0, page, subpage, 0, 0, 0, 0, 255);
    }
}
