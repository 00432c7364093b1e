package lockstep.target.scsi;

import static lockstep.target.scsi.TestUnits.LUN_ONE;
import static lockstep.target.scsi.TestUnits.SECTORS;
import static lockstep.target.scsi.TestUnits.cdb;
import static lockstep.target.scsi.TestUnits.cdb16;
import static lockstep.target.scsi.TestUnits.data;
import static lockstep.target.scsi.TestUnits.filled;
import static lockstep.target.scsi.TestUnits.good;
import static lockstep.target.scsi.TestUnits.joined;
import static lockstep.target.scsi.TestUnits.sense;
import static lockstep.target.scsi.TestUnits.senseData;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Outcome;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/// The families of block commands, each by its cases.
class BlockFamiliesTest {
    private final TestUnits units = new TestUnits();

    private static byte[] compareAndWrite(long lba, int sectors) {
        return ByteBuffer.wrap(cdb(0x89)).putLong(2, lba).put(13, (byte) sectors).array();
    }

    @Test
    void compareAndWriteWritesOnlyWhatItFoundAsExpected() {
        units.write(LUN_ONE, 10, filled(2, 1));
        good(units.run(joined(filled(2, 1), filled(2, 2)), compareAndWrite(10, 2)));
        assertThat(units.read(LUN_ONE, 10, 2)).isEqualTo(filled(2, 2));
        byte[] other = filled(2, 2);
        other[700] = 9;
        SenseData miscompare =
                senseData(units.run(joined(other, filled(2, 3)), compareAndWrite(10, 2)));
        assertThat(miscompare).isEqualTo(Sense.MISCOMPARE_DURING_VERIFY.at(700));
        assertThat(miscompare.fixed()[0]).isEqualTo((byte) 0xF0);
        assertThat(units.read(LUN_ONE, 10, 2)).isEqualTo(filled(2, 2));
    }

    @Test
    void compareAndWriteOfTheMostSectors() {
        good(units.run(joined(filled(255, 0), filled(255, 7)), compareAndWrite(3, 255)));
        assertThat(units.read(LUN_ONE, 3, 255)).isEqualTo(filled(255, 7));
        good(units.run(compareAndWrite(0, 0)));
    }

    /// Whole or not at all: the host has to announce exactly what the CDB needs.
    @Test
    void wholeCommandsTakeExactlyTheirData() {
        Object[][] rows = {
            {compareAndWrite(0, 1), 2},
            {cdb16(0x8B, 0, 0, 2), 2},
            {ByteBuffer.wrap(cdb(0x9C)).putShort(12, (short) 3).array(), 3},
        };
        for (Object[] row : rows) {
            int sectors = (int) row[1];
            good(units.run(filled(sectors, 0), (byte[]) row[0]));
            for (int wrong : new int[] {sectors - 1, sectors + 1}) {
                assertThat(sense(units.run(filled(wrong, 5), (byte[]) row[0])))
                        .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
            }
        }
        assertThat(sense(units.run(filled(2, 5), compareAndWrite(0, 0))))
                .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        assertThat(units.read(LUN_ONE, 0, 4)).isEqualTo(filled(4, 0));
    }

    @Test
    void orWriteSetsBits() {
        units.write(LUN_ONE, 7, filled(3, 0x11));
        good(units.run(filled(2, 0x42), cdb16(0x8B, 0, 7, 2)));
        assertThat(units.read(LUN_ONE, 7, 3)).isEqualTo(joined(filled(2, 0x53), filled(1, 0x11)));
    }

    @Test
    void nothingReachesBeyondTheEnd() {
        byte[][] commands = {
            compareAndWrite(SECTORS - 1, 2),
            cdb16(0x8B, 0, SECTORS - 1, 2),
            cdb16(0x90, 0, SECTORS, 1),
            cdb16(0x90, 0, SECTORS + 1, 0),
            cdb16(0x93, 1, SECTORS - 1, 2),
            cdb16(0x9E, 0x12, SECTORS, 24),
            cdb16(0x9E, 0x12, -1, 24),
            ByteBuffer.wrap(cdb(0x9C)).putLong(2, SECTORS).putShort(12, (short) 1).array(),
        };
        for (byte[] command : commands) {
            ScsiCommand parsed = parse(command);
            byte[] data = new byte[(int) parsed.dataOutBytes()];
            assertThat(sense(units.run(data, command))).isEqualTo(Sense.LBA_OUT_OF_RANGE);
        }
    }

    private static ScsiCommand parse(byte[] command) {
        CommandTable row =
                java.util.Objects.requireNonNull(
                        CommandTable.find(command[0] & 0xFF, command[1] & 0x1F));
        return java.util.Objects.requireNonNull(row.parse(Cdb.of(command)));
    }

    @Test
    void writeSameUnmapsRepeatsAndRefusesAnAnchor() {
        units.write(LUN_ONE, 0, filled(32, 1));
        good(units.run(filled(1, 0), cdb16(0x93, 8, 0, 16)));
        assertThat(units.one.blocksUsed()).isEqualTo(2);
        good(units.run(cdb16(0x93, 1, 16, 8))); // NDOB: zeros
        good(units.run(filled(1, 6), cdb16(0x93, 8, 24, 2))); // not zeros: written
        assertThat(units.read(LUN_ONE, 16, 10)).isEqualTo(joined(filled(8, 0), filled(2, 6)));
        assertThat(sense(units.run(filled(1, 0), cdb16(0x93, 0x18, 0, 8))))
                .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        assertThat(sense(units.run(filled(1, 0), cdb16(0x93, 0, 0, 0))))
                .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
    }

    @Test
    void lbaStatusTellsRunsFromTheLbaAskedFor() {
        units.write(LUN_ONE, 8, filled(16, 1));
        ByteBuffer all = ByteBuffer.wrap(data(units.run(cdb16(0x9E, 0x12, 3, 200))));
        assertThat(all.limit()).isEqualTo(8 + 3 * 16);
        assertThat(all.getInt(0)).isEqualTo(all.limit() - 4);
        long[][] runs = {{3, 5, 1}, {8, 16, 0}, {24, SECTORS - 24, 1}};
        for (int i = 0; i < runs.length; i++) {
            int at = 8 + i * 16;
            assertThat(new long[] {all.getLong(at), all.getInt(at + 8), all.get(at + 12)})
                    .isEqualTo(runs[i]);
        }
        ByteBuffer first = ByteBuffer.wrap(data(units.run(cdb16(0x9E, 0x12, 9, 24))));
        assertThat(first.limit()).isEqualTo(24);
        assertThat(first.getLong(8)).isEqualTo(9);
        assertThat(first.getInt(16)).isEqualTo(15);
    }

    @Test
    void preFetchReadsWhatItNamesAndNoMore() {
        good(units.run(cdb16(0x90, 0, 5, 9)));
        good(units.run(cdb16(0x90, 2, 0, 0)));
        good(units.run(cdb(0x34, 0, 0, 0, 0, 5, 3, 0, 9)));
        units.one.failNext(new Outcome.MediumError(5 * 512));
        assertThat(senseData(units.run(cdb16(0x90, 0, 5, 9))))
                .isEqualTo(Sense.UNRECOVERED_READ_ERROR.at(5));
        units.one.failNext(new Outcome.MediumError(0));
        good(units.run(cdb16(0x90, 2, 0, 9))); // answered before it is read
        good(units.run(cdb16(0x90, 2, 0, 9)));
    }

    @Test
    void defectListsAreValidAndEmpty() {
        assertThat(data(units.run(cdb(0x37, 0, 0x1D, 0, 0, 0, 0, 0, 32))))
                .containsExactly(0, 0x1D, 0, 0);
        assertThat(data(units.run(cdb(0xB7, 0x0C, 0, 0, 0, 0, 0, 0, 0, 32))))
                .containsExactly(0, 0x0C, 0, 0, 0, 0, 0, 0);
        assertThat(sense(units.run(cdb(0x37, 0, 0x1E, 0, 0, 0, 0, 0, 32))))
                .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
    }

    @Test
    void verifyComparesAllOrOneOrNothing() {
        units.write(LUN_ONE, 0, filled(4, 3));
        for (int opcode : new int[] {0x8F, 0x8E}) {
            boolean writes = opcode == 0x8E;
            good(units.run(filled(4, 3), cdb16(opcode, 2, 0, 4)));
            if (!writes) {
                assertThat(sense(units.run(filled(4, 4), cdb16(opcode, 2, 0, 4))))
                        .isEqualTo(Sense.MISCOMPARE_DURING_VERIFY);
                good(units.run(filled(1, 3), cdb16(opcode, 6, 0, 4)));
                good(units.run(cdb16(opcode, 0, 0, 4)));
            }
            assertThat(sense(units.run(filled(4, 3), cdb16(opcode, 4, 0, 4))))
                    .isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        }
    }
}
