package lockstep.target.scsi;

import static lockstep.target.scsi.TestUnits.LUN_ONE;
import static lockstep.target.scsi.TestUnits.LUN_TWO;
import static lockstep.target.scsi.TestUnits.SECTORS;
import static lockstep.target.scsi.TestUnits.cdb;
import static lockstep.target.scsi.TestUnits.data;
import static lockstep.target.scsi.TestUnits.filled;
import static lockstep.target.scsi.TestUnits.good;
import static lockstep.target.scsi.TestUnits.joined;
import static lockstep.target.scsi.TestUnits.sense;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;

/// EXTENDED COPY between two units, and everything that refuses or ends one.
class CopyManagerTest {
    private static final int FIRST_SEGMENT = 16 + 2 * 32;

    private final TestUnits units = new TestUnits();

    /// A list that copies `sectors` sectors from LUN one to LUN two.
    private byte[] list(int sectors, long from, long to) {
        ByteBuffer list = ByteBuffer.allocate(FIRST_SEGMENT + 28);
        list.put(0, (byte) 7).putShort(2, (short) 64).putInt(8, 28);
        cscd(list, 16, LUN_ONE);
        cscd(list, 48, LUN_TWO);
        list.put(FIRST_SEGMENT, (byte) 2).putShort(FIRST_SEGMENT + 2, (short) 24);
        list.putShort(FIRST_SEGMENT + 4, (short) 0).putShort(FIRST_SEGMENT + 6, (short) 1);
        list.putShort(FIRST_SEGMENT + 10, (short) sectors);
        return list.putLong(FIRST_SEGMENT + 12, from).putLong(FIRST_SEGMENT + 20, to).array();
    }

    /// Names a unit as its own identification page does.
    private void cscd(ByteBuffer list, int at, long lun) {
        byte[] page = data(units.run(units.nexus, lun, null, cdb(0x12, 1, 0x83, 1, 0)));
        list.put(at, (byte) 0xE4);
        list.put(at + 4, page, 4, 4 + 16).putInt(at + 28, 512);
    }

    private ScsiResult copy(byte[] list) {
        return copy(units.nexus, list);
    }

    private ScsiResult copy(Nexus nexus, byte[] list) {
        byte[] command = ByteBuffer.wrap(cdb(0x83)).putInt(10, list.length).array();
        return units.run(nexus, LUN_ONE, list, command);
    }

    private ScsiResult results(int action, int listId) {
        return units.run(cdb(0x84, action, listId, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0));
    }

    @Test
    void sectorsAreCopiedAndHolesStayHoles() {
        units.write(LUN_ONE, 5, filled(3, 9));
        units.write(LUN_TWO, 0, filled(1600, 1));
        assertThat(sense(results(0, 7))).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        good(copy(list(1500, 4, 100)));
        byte[] expected = joined(filled(1, 0), filled(3, 9));
        assertThat(units.read(LUN_TWO, 100, 4)).isEqualTo(expected);
        assertThat(units.read(LUN_TWO, 104, 1496)).isEqualTo(filled(1496, 0));
        assertThat(units.read(LUN_TWO, 99, 1)).isEqualTo(filled(1, 1));
        assertThat(units.read(LUN_TWO, 1600, 1)).isEqualTo(filled(1, 0));
        assertThat(units.two.blocksUsed()).isLessThan(180);
        assertThat(data(results(0, 7)))
                .containsExactly(0, 0, 0, 8, 1, 0, 1, 0, 0, 0x0B, (byte) 0xB8, 0);
        assertThat(data(results(4, 7))).containsExactly(0, 0, 0, 0);
    }

    private record Wrong(Sense sense, Consumer<ByteBuffer> change) {}

    @Test
    void listsThatBreakARuleAreRefusedBeforeAnythingIsCopied() {
        units.write(LUN_ONE, 0, filled(8, 9));
        Wrong[] rows = {
            new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR, b -> b.putInt(8, 29)),
            new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR, b -> b.putInt(8, -1)),
            new Wrong(Sense.PARAMETER_LIST_LENGTH_ERROR, b -> b.putInt(8, 27)),
            new Wrong(Sense.INLINE_DATA_LENGTH_EXCEEDED, b -> b.putInt(12, 1)),
            new Wrong(Sense.INVALID_FIELD_IN_PARAMETER_LIST, b -> b.putShort(2, (short) 63)),
            new Wrong(Sense.UNSUPPORTED_TARGET_DESCRIPTOR, b -> b.put(16, (byte) 0xE0)),
            new Wrong(Sense.INVALID_FIELD_IN_PARAMETER_LIST, b -> b.put(17, (byte) 1)),
            new Wrong(Sense.INVALID_FIELD_IN_PARAMETER_LIST, b -> b.putInt(44, 4096)),
            new Wrong(Sense.UNSUPPORTED_SEGMENT_DESCRIPTOR, b -> b.put(FIRST_SEGMENT, (byte) 3)),
            new Wrong(
                    Sense.INVALID_FIELD_IN_PARAMETER_LIST,
                    b -> b.putShort(FIRST_SEGMENT + 2, (short) 20)),
            new Wrong(Sense.UNREACHABLE_COPY_TARGET, b -> b.put(17, (byte) 0x20)),
            new Wrong(Sense.UNREACHABLE_COPY_TARGET, b -> b.put(39, (byte) 0x55)),
            new Wrong(Sense.UNREACHABLE_COPY_TARGET, b -> b.putShort(FIRST_SEGMENT + 6, (short) 2)),
            new Wrong(Sense.COPY_ABORTED, b -> b.putLong(FIRST_SEGMENT + 12, SECTORS - 7)),
            new Wrong(Sense.COPY_ABORTED, b -> b.putLong(FIRST_SEGMENT + 20, SECTORS - 7)),
            new Wrong(Sense.COPY_ABORTED, b -> b.putLong(FIRST_SEGMENT + 20, -1)),
        };
        for (int row = 0; row < rows.length; row++) {
            byte[] list = list(8, 0, 0);
            rows[row].change.accept(ByteBuffer.wrap(list));
            assertThat(sense(copy(list))).as("row %d", row).isEqualTo(rows[row].sense);
        }
        assertThat(units.read(LUN_TWO, 0, 8)).isEqualTo(filled(8, 0));
        good(copy(new byte[0]));
    }

    @Test
    void limitsAreThoseThatAreReported() {
        ByteBuffer limits = ByteBuffer.wrap(data(results(3, 0)));
        assertThat(limits.limit()).isEqualTo(46);
        int cscds = limits.getShort(8);
        int segments = limits.getShort(10);
        for (int[] more : new int[][] {{1, 0}, {0, 1}, {0, 0}, {1, 1}}) {
            int targets = cscds + more[0];
            int copies = more[0] == 1 && more[1] == 0 ? 1 : segments + more[1];
            ByteBuffer list = ByteBuffer.allocate(16 + targets * 32 + copies * 28);
            if (more[1] == 1 && more[0] == 0) {
                targets = 2;
                list = ByteBuffer.allocate(16 + targets * 32 + copies * 28);
            }
            list.putShort(2, (short) (targets * 32)).putInt(8, copies * 28);
            for (int i = 0; i < targets; i++) {
                cscd(list, 16 + i * 32, i == 0 ? LUN_ONE : LUN_TWO);
            }
            for (int i = 0; i < copies; i++) {
                int at = 16 + targets * 32 + i * 28;
                list.put(at, (byte) 2).putShort(at + 2, (short) 24).putShort(at + 6, (short) 1);
                list.putShort(at + 10, (short) 1).putLong(at + 12, i).putLong(at + 20, i);
            }
            ScsiResult result = copy(list.array());
            if (more[0] + more[1] == 0) {
                good(result);
            } else {
                assertThat(sense(result))
                        .isEqualTo(
                                more[0] + more[1] == 2
                                        ? Sense.PARAMETER_LIST_LENGTH_ERROR
                                        : more[0] == 1
                                                ? Sense.TOO_MANY_TARGET_DESCRIPTORS
                                                : Sense.TOO_MANY_SEGMENT_DESCRIPTORS);
            }
        }
    }

    /// The copy manager looks names up among what the nexus may use, and nowhere else.
    @Test
    void unitsThatTheNexusDoesNotHaveAreNotFound() {
        byte[] list = list(8, 0, 9);
        byte[] toItself = list.clone();
        ByteBuffer.wrap(toItself).putShort(FIRST_SEGMENT + 6, (short) 0);
        Nexus masked = units.target.attach("masked", number -> number == 1);
        units.settle(masked, LUN_ONE);
        units.write(LUN_TWO, 9, filled(8, 7));
        assertThat(sense(copy(masked, list))).isEqualTo(Sense.UNREACHABLE_COPY_TARGET);
        assertThat(units.read(LUN_TWO, 9, 8)).isEqualTo(filled(8, 7));
        ByteBuffer.wrap(list).putShort(FIRST_SEGMENT + 4, (short) 1);
        ByteBuffer.wrap(list).putShort(FIRST_SEGMENT + 6, (short) 0);
        assertThat(sense(copy(masked, list))).isEqualTo(Sense.UNREACHABLE_COPY_TARGET);
        assertThat(units.read(LUN_ONE, 9, 8)).isEqualTo(filled(8, 0));
        good(copy(masked, toItself));
        good(copy(list));
        units.target.removeLun(2, () -> {});
        units.settle(units.nexus, LUN_ONE);
        assertThat(sense(copy(list))).isEqualTo(Sense.UNREACHABLE_COPY_TARGET);
    }

    @Test
    void failureOfAUnitEndsTheCopyAndIsKept() {
        units.one.failNext(new Outcome.MediumError(0));
        assertThat(sense(copy(list(8, 0, 0)))).isEqualTo(Sense.THIRD_PARTY_DEVICE_FAILURE);
        assertThat(data(results(0, 7))).startsWith(0, 0, 0, 8, 2, 0, 0);
        byte[] details = data(results(4, 7));
        assertThat(Arrays.copyOfRange(details, 56, 63)).containsExactly(2, 0, 0, 18, 0x70, 0, 0xA);
    }

    /// Keeps how the tasks of a test ended, in order.
    private static final class Ends implements ScsiTask.Owner {
        private final List<String> ends = new ArrayList<>();

        @Override
        public void ended(ScsiTask task, ScsiResult result) {
            ends.add(result.toString());
        }

        @Override
        public void aborted(ScsiTask task) {
            ends.add("aborted");
        }
    }

    private ScsiTask begin(byte[] list, Ends ends) {
        byte[] command = ByteBuffer.wrap(cdb(0x83)).putInt(10, list.length).array();
        ScsiTask task =
                units.target.open(units.nexus, LUN_ONE, Cdb.of(command), list.length, 1, ends);
        task.run(
                IoBuffer.unpooled(ByteBuffer.wrap(list)),
                length -> IoBuffer.unpooled(ByteBuffer.allocate(length)));
        return task;
    }

    @Test
    void abortedCopyStopsAtItsNextPiece() {
        units.write(LUN_ONE, 0, filled((int) SECTORS, 1));
        Ends ends = new Ends();
        units.two.hold();
        ScsiTask task = begin(list((int) SECTORS, 0, 0), ends);
        assertThat(data(results(0, 7))).startsWith(0, 0, 0, 8, 0, 0, 0);
        byte[] again = list(1, 0, 0);
        assertThat(sense(copy(again))).isEqualTo(Sense.OPERATION_IN_PROGRESS);
        task.abort(() -> {});
        assertThat(ends.ends).isEmpty();
        units.two.letGo();
        assertThat(ends.ends).containsExactly("aborted");
        assertThat(units.read(LUN_TWO, 1023, 2)).isEqualTo(joined(filled(1, 1), filled(1, 0)));
        good(copy(again));
    }

    @Test
    void onlySoManyCopiesRunAtOnce() {
        int most = ByteBuffer.wrap(data(results(3, 0))).get(36);
        Ends ends = new Ends();
        units.one.hold();
        for (int id = 0; id < most; id++) {
            byte[] list = list(1, 0, 0);
            list[0] = (byte) id;
            begin(list, ends);
        }
        byte[] unnamed = list(1, 0, 0);
        unnamed[1] = 0x18;
        assertThat(copy(unnamed)).isInstanceOf(ScsiResult.Busy.class);
        units.one.letGo();
        assertThat(ends.ends).hasSize(most).containsOnly(ScsiResult.good().toString());
        good(copy(unnamed));
    }

    /// What page 8Fh, INQUIRY and RECEIVE COPY RESULTS say is the same.
    @Test
    void copyIsAdvertised() {
        assertThat(data(units.run(cdb(0x12, 0, 0, 0, 96)))[5] & 8).isEqualTo(8);
        ByteBuffer page = ByteBuffer.wrap(data(units.run(cdb(0x12, 1, 0x8F, 1, 0))));
        int at = 4;
        int commands = 0;
        while (at < page.limit()) {
            if (page.getShort(at) == 1) {
                for (int c = at + 5; c < at + 5 + page.get(at + 4); c += 2 + page.get(c + 1)) {
                    for (int a = 0; a < page.get(c + 1); a++) {
                        assertThat(CommandTable.find(page.get(c) & 0xFF, page.get(c + 2 + a)))
                                .isNotNull();
                        commands++;
                    }
                }
            }
            at += 4 + page.getShort(at + 2);
        }
        assertThat(at).isEqualTo(page.limit());
        assertThat(commands).isEqualTo(4);
    }
}
