package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/// The device without a transport.
class ScsiTargetTest {
    private static final UUID IDENTITY = UUID.fromString("0f0e0d0c-0b0a-4987-9605-040302010099");
    private static final long FLAT_ONE = 0x4001_0000_0000_0000L;
    private static final long LUN_ONE = 0x0001_0000_0000_0000L;

    private final EventLoop loop = new InlineLoop();
    private final ScsiTarget target = target("iqn.2026-11.io.lockstep:a", 1);
    private final Nexus nexus = target.attach("initiator");

    /// Runs everything at once; no test here needs time.
    private static final class InlineLoop implements EventLoop {
        @Override
        public void execute(Runnable task) {
            task.run();
        }

        @Override
        public boolean inLoop() {
            return true;
        }

        @Override
        public Clock clock() {
            throw new UnsupportedOperationException("no time here");
        }
    }

    /// Keeps how a task ended.
    private static final class Kept implements ScsiTask.Owner {
        private ScsiResult result = ScsiResult.good();
        private int aborts;

        @Override
        public void ended(ScsiTask task, ScsiResult ended) {
            result = ended;
        }

        @Override
        public void aborted(ScsiTask task) {
            aborts++;
        }
    }

    private ScsiTarget target(String name, int group) {
        return new ScsiTarget(new PortIdentity(name, group, group), loop, ScsiLimits.DEFAULT);
    }

    private MemoryLun lun(int number) {
        return new MemoryLun(new LunRecord(number, "lun", IDENTITY, 1 << 20), loop);
    }

    @BeforeEach
    void addLunOne() {
        target.addLun(lun(1));
        run(LUN_ONE, 0, 0, 0, 0, 0, 0);
    }

    private ScsiResult run(long lun, int... cdb) {
        return run(target, nexus, lun, cdb);
    }

    private static ScsiResult run(ScsiTarget target, Nexus nexus, long lun, int... cdb) {
        byte[] bytes = new byte[Cdb.BYTES];
        for (int at = 0; at < cdb.length; at++) {
            bytes[at] = (byte) cdb[at];
        }
        Kept kept = new Kept();
        target.open(nexus, lun, Cdb.of(bytes), 0, 1, kept)
                .run(null, length -> IoBuffer.unpooled(ByteBuffer.allocate(length)));
        return kept.result;
    }

    private static byte[] data(ScsiResult result) {
        assertThat(result).isInstanceOf(ScsiResult.Data.class);
        ScsiResult.Data answer = (ScsiResult.Data) result;
        byte[] bytes = new byte[answer.length()];
        answer.data().view().get(bytes);
        return bytes;
    }

    private static Sense sense(ScsiResult result) {
        assertThat(result).isInstanceOf(ScsiResult.CheckCondition.class);
        return ((ScsiResult.CheckCondition) result).sense().condition();
    }

    @Test
    void unitIsFoundByPeripheralAndByFlatAddress() {
        assertThat(run(LUN_ONE, 0, 0, 0, 0, 0, 0)).isInstanceOf(ScsiResult.Good.class);
        assertThat(run(FLAT_ONE, 0, 0, 0, 0, 0, 0)).isInstanceOf(ScsiResult.Good.class);
        assertThat(sense(run(LUN_ONE | 1, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
        assertThat(sense(run(0xC101_0000_0000_0000L, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    }

    @Test
    void absentUnitZeroAnswersInquiryAndReportLuns() {
        assertThat(data(run(0, 0x12, 0, 0, 0, 96, 0))[0]).isEqualTo((byte) 0x7F);
        byte[] luns = data(run(0, 0xA0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0));
        assertThat(luns).hasSize(16).containsSubsequence(0, 0, 0, 8);
        assertThat(luns[9]).isEqualTo((byte) 1);
        assertThat(sense(run(0, 0, 0, 0, 0, 0, 0))).isEqualTo(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    }

    @Test
    void unitNamesAreTheSameOnBothNodesAndPortNamesAreNot() {
        ScsiTarget partner = target("iqn.2026-11.io.lockstep:b", 2);
        partner.addLun(lun(1));
        Nexus there = partner.attach("initiator");
        run(partner, there, LUN_ONE, 0, 0, 0, 0, 0, 0);
        byte[] here = data(run(LUN_ONE, 0x12, 1, 0x83, 1, 0, 0));
        byte[] other = data(run(partner, there, LUN_ONE, 0x12, 1, 0x83, 1, 0, 0));
        int unitNames = 4 + 4 + 16 + 4 + 8 + 32;
        assertThat(Arrays.copyOf(other, unitNames)).isEqualTo(Arrays.copyOf(here, unitNames));
        assertThat(other).isNotEqualTo(here);
        assertThat(Arrays.copyOfRange(here, 8, 12)).containsExactly(0x60, 0x24, 0xC5, 0x30);
    }

    @Test
    void unusedBitsAreRefusedAndPointedAt() {
        ScsiResult result = run(LUN_ONE, 0x28, 0x20, 0, 0, 0, 0, 0, 0, 1, 0);
        assertThat(sense(result)).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
        SenseData sense = ((ScsiResult.CheckCondition) result).sense();
        assertThat(sense.fieldPointer()).isEqualTo(1);
        assertThat(Arrays.copyOfRange(sense.fixed(), 15, 18)).containsExactly(0xC0, 0, 1);
    }

    @Test
    void unknownCommandsAreRefused() {
        assertThat(sense(run(LUN_ONE, 0xC1, 0, 0, 0, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.INVALID_COMMAND_OPERATION_CODE);
        assertThat(sense(run(LUN_ONE, 0x9E, 0x1F))).isEqualTo(Sense.INVALID_FIELD_IN_CDB);
    }

    @Test
    void growthAndNewUnitsAreTold() {
        MemoryLun two = lun(2);
        target.addLun(two);
        assertThat(sense(run(LUN_ONE, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.REPORTED_LUNS_DATA_HAS_CHANGED);
        long lunTwo = 0x0002_0000_0000_0000L;
        assertThat(sense(run(lunTwo, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.POWER_ON_OR_RESET_OCCURRED);
        two.resize(2 << 20);
        assertThat(sense(run(lunTwo, 0, 0, 0, 0, 0, 0))).isEqualTo(Sense.CAPACITY_DATA_HAS_CHANGED);
        assertThat(run(lunTwo, 0, 0, 0, 0, 0, 0)).isInstanceOf(ScsiResult.Good.class);
        target.removeLun(2, () -> {});
        run(0, 0xA0, 0, 0, 0, 0, 0, 0, 0, 255, 0, 0, 0);
        assertThat(run(LUN_ONE, 0, 0, 0, 0, 0, 0)).isInstanceOf(ScsiResult.Good.class);
    }

    @Test
    void removedUnitWaitsForItsTasks() {
        MemoryLun two = lun(2);
        target.addLun(two);
        long lunTwo = 0x0002_0000_0000_0000L;
        run(lunTwo, 0, 0, 0, 0, 0, 0);
        two.hold();
        Kept kept = new Kept();
        byte[] flush = Arrays.copyOf(new byte[] {0x35}, Cdb.BYTES);
        target.open(nexus, lunTwo, Cdb.of(flush), 0, 9, kept)
                .run(null, _ -> IoBuffer.unpooled(ByteBuffer.allocate(0)));
        int[] removed = {0};
        target.removeLun(2, () -> removed[0]++);
        assertThat(removed[0]).isZero();
        two.letGo();
        assertThat(removed[0]).isEqualTo(1);
        assertThat(kept.aborts).isEqualTo(1);
        assertThat(sense(run(lunTwo, 0, 0, 0, 0, 0, 0)))
                .isEqualTo(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
    }

    @Test
    void unmapListIsCheckedAsAWhole() {
        ByteBuffer list = ByteBuffer.allocate(40).putShort(0, (short) 38).putShort(2, (short) 32);
        list.putLong(8, 0).putInt(16, 8).putLong(24, 2047).putInt(32, 2);
        UnmapList.Checked checked =
                UnmapList.check(IoBuffer.unpooled(list), 40, 2048, ScsiLimits.DEFAULT);
        assertThat(checked).isEqualTo(new UnmapList.Refused(Sense.LBA_OUT_OF_RANGE.plain()));
        list.putInt(32, 1);
        checked = UnmapList.check(IoBuffer.unpooled(list), 40, 2048, ScsiLimits.DEFAULT);
        assertThat(checked).isInstanceOf(UnmapList.Ranges.class);
        checked = UnmapList.check(IoBuffer.unpooled(list), 7, 2048, ScsiLimits.DEFAULT);
        assertThat(checked)
                .isEqualTo(new UnmapList.Refused(Sense.PARAMETER_LIST_LENGTH_ERROR.plain()));
    }
}
