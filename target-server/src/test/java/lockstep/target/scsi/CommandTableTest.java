package lockstep.target.scsi;

import static lockstep.target.scsi.TestUnits.cdb;
import static lockstep.target.scsi.TestUnits.data;
import static lockstep.target.scsi.TestUnits.sense;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What is advertised is what is carried out: for every row, and for everything that is no row.
class CommandTableTest {
    private final TestUnits units = new TestUnits();

    /// A CDB of `row` that asks for as little as possible: most fields 0.
    private static byte[] leastOf(CommandTable row) {
        byte[] least = cdb(row.opcode());
        if (row.hasAction()) {
            least[1] = (byte) row.action();
        }
        switch (row) {
            case START_STOP_UNIT -> least[4] = 1;
            case MODE_SELECT_6, MODE_SELECT_10 -> least[1] = 0x10;
            case MODE_SENSE_6, MODE_SENSE_10 -> least[2] = 0x3F;
            case LOG_SENSE -> least[2] = 0x40;
            case WRITE_SAME_10 -> least[8] = 1;
            case WRITE_SAME_16 -> least[13] = 1;
            default -> {}
        }
        return least;
    }

    @Test
    void everyRowRunsAndIsReported() {
        for (CommandTable row : CommandTable.values()) {
            byte[] data = leastOf(row)[8] == 1 || leastOf(row)[13] == 1 ? new byte[512] : null;
            ScsiResult result = units.run(units.nexus, TestUnits.LUN_ONE, data, leastOf(row));
            if (result instanceof ScsiResult.CheckCondition(var sense)) {
                assertThat(sense.condition())
                        .as(row.name())
                        .isNotEqualTo(Sense.INVALID_COMMAND_OPERATION_CODE)
                        .isNotEqualTo(Sense.INTERNAL_TARGET_FAILURE);
            }
            byte[] report = data(units.run(reportOne(row.hasAction() ? 2 : 1, row)));
            assertThat(report[1]).as(row.name()).isEqualTo((byte) 3);
            assertThat(report).as(row.name()).endsWith(row.usage());
        }
    }

    private static byte[] reportOne(int options, CommandTable row) {
        int action = row.hasAction() ? row.action() : 0;
        return cdb(0xA3, 0x0C, options, row.opcode(), 0, action, 0, 0, 1, 0);
    }

    @Test
    void whatIsNoRowIsRefusedAndReportedSo() {
        for (int opcode = 0; opcode < 256; opcode++) {
            if (CommandTable.firstOf(opcode) != null) {
                continue;
            }
            assertThat(sense(units.run(cdb(opcode))))
                    .isEqualTo(Sense.INVALID_COMMAND_OPERATION_CODE);
            byte[] report = data(units.run(cdb(0xA3, 0x0C, 1, opcode, 0, 0, 0, 0, 1, 0)));
            assertThat(report).containsExactly(0, 1, 0, 0);
        }
    }

    @Test
    void everyBitThatIsNotUsedIsRefused() {
        for (CommandTable row : CommandTable.values()) {
            byte[] usage = row.usage();
            for (int bit = 8; bit < usage.length * 8; bit++) {
                int at = bit / 8;
                int mask = 1 << bit % 8;
                boolean action = at == 1 && row.hasAction() && (mask & 0x1F) != 0;
                if ((usage[at] & mask) != 0 || action) {
                    continue;
                }
                byte[] wrong = leastOf(row);
                wrong[at] = (byte) (wrong[at] | mask);
                SenseData sense = TestUnits.senseData(units.run(wrong));
                assertThat(sense)
                        .as("%s, bit %d", row.name(), bit)
                        .isEqualTo(Sense.INVALID_FIELD_IN_CDB.field(at));
            }
        }
    }

    @Test
    void allRowsComeWithTheirTimeouts() {
        byte[] all = data(units.run(cdb(0xA3, 0x0C, 0x80, 0, 0, 0, 0, 0, 64, 0)));
        ByteBuffer list = ByteBuffer.wrap(all);
        assertThat(list.getInt()).isEqualTo(20 * CommandTable.values().length);
        List<CommandTable> found = new ArrayList<>();
        while (list.hasRemaining()) {
            int at = list.position();
            boolean hasAction = (all[at + 5] & 1) != 0;
            int action = hasAction ? list.getShort(at + 2) : CommandTable.NO_ACTION;
            CommandTable row = CommandTable.find(all[at] & 0xFF, action);
            assertThat(row).isNotNull();
            found.add(row);
            assertThat(all[at + 5] & 2).isEqualTo(2);
            assertThat(list.getShort(at + 8)).isEqualTo((short) 10);
            assertThat(list.getInt(at + 12)).isPositive();
            assertThat(list.getInt(at + 16)).isGreaterThan(list.getInt(at + 12));
            list.position(at + 20);
        }
        assertThat(found).containsExactly(CommandTable.values());
    }

    /// SPC-4, REPORTING OPTIONS: by operation code alone, by service action, by whatever fits.
    @Test
    void reportingOptionsFitTheCommand() {
        Object[][] rows = {
            {1, 0x28, 0, 3},
            {1, 0x9E, 0x10, Sense.INVALID_FIELD_IN_CDB},
            {2, 0x28, 0, Sense.INVALID_FIELD_IN_CDB},
            {2, 0x9E, 0x12, 3},
            {2, 0x9E, 0x1F, 1},
            {3, 0x28, 0, 3},
            {3, 0x28, 1, 1},
            {3, 0x9E, 0x10, 3},
            {3, 0x9E, 0x1F, 1},
            {3, 0xC0, 0, 1},
            {4, 0x28, 0, Sense.INVALID_FIELD_IN_CDB},
        };
        for (Object[] row : rows) {
            int options = (int) row[0];
            ScsiResult result =
                    units.run(cdb(0xA3, 0x0C, options, (int) row[1], 0, (int) row[2], 0, 0, 1, 0));
            if (row[3] instanceof Sense refused) {
                assertThat(sense(result)).as("%s", List.of(row)).isEqualTo(refused);
            } else {
                assertThat((int) data(result)[1]).as("%s", List.of(row)).isEqualTo(row[3]);
            }
        }
    }

    /// Hosts believe the limits page: each number in it is where the command begins to be refused.
    @Test
    void limitsPageTellsWhatIsEnforced() {
        ByteBuffer page = ByteBuffer.wrap(data(units.run(cdb(0x12, 1, 0xB0, 0, 255))));
        assertThat(page.limit()).isEqualTo(64);
        assertThat(page.get(4)).isEqualTo((byte) 1);
        assertThat(page.get(5) & 0xFF).isEqualTo(255);
        units.one.resize(1L << 32);
        units.run(cdb(0x00));
        long[][] limits = {
            {0x88, page.getInt(8)}, {0x8A, page.getInt(8)}, {0x8F, page.getInt(8)},
            {0x8B, page.getInt(8)}, {0x93, page.getLong(36)}, {0x9C, page.getInt(44)},
        };
        for (long[] limit : limits) {
            int opcode = (int) limit[0];
            int length = opcode == 0x9C ? 12 : 10;
            for (int more = 0; more < 2; more++) {
                byte[] command = cdb(opcode);
                int sectors = (int) limit[1] + more;
                if (length == 12) {
                    ByteBuffer.wrap(command).putShort(12, (short) sectors);
                } else {
                    ByteBuffer.wrap(command).putInt(10, sectors);
                }
                assertThat(isRefusedByLength(command, sectors))
                        .as("%02X, %d sectors", opcode, sectors)
                        .isEqualTo(more == 1);
            }
        }
    }

    /// Whether the command is refused before its data is asked for.
    private boolean isRefusedByLength(byte[] command, int sectors) {
        boolean same = (command[0] & 0xFF) == 0x93;
        long announced = same ? 512 : sectors * 512L;
        ScsiTask task =
                units.target.open(
                        units.nexus,
                        TestUnits.LUN_ONE,
                        Cdb.of(command),
                        announced,
                        1,
                        new ScsiTask.Owner() {
                            @Override
                            public void ended(ScsiTask ended, ScsiResult result) {}

                            @Override
                            public void aborted(ScsiTask aborted) {}
                        });
        boolean refused = task.dataOutBytes() == 0 && task.readBytes() == 0;
        task.abort(() -> {});
        return refused;
    }
}
