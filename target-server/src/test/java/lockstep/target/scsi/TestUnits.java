package lockstep.target.scsi;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.UUID;

/// A target with LUNs 1 and 2 in memory, 1 MiB each, and a nexus that was told all that was
/// pending. Commands run inside the call.
final class TestUnits {
    static final long SECTORS = 2048;
    static final long LUN_ONE = 0x0001_0000_0000_0000L;
    static final long LUN_TWO = 0x0002_0000_0000_0000L;

    final EventLoop loop = new Hosts.InlineLoop();
    final ScsiTarget target =
            new ScsiTarget(
                    new PortIdentity("iqn.2026-11.io.lockstep:t", 1, 1), loop, ScsiLimits.DEFAULT);
    final MemoryLun one = lun(1);
    final MemoryLun two = lun(2);
    final Nexus nexus = target.attach("initiator");

    TestUnits() {
        target.addLun(one);
        target.addLun(two);
        settle(nexus);
    }

    /// Takes every unit attention that is pending for `who` on one unit.
    void settle(Nexus who, long lun) {
        while (!(run(who, lun, null, cdb(0x00)) instanceof ScsiResult.Good)) {
            // The next one.
        }
    }

    private MemoryLun lun(int number) {
        UUID identity = new UUID(0x0f0e0d0c0b0a4987L, 0x9605040302010000L + number);
        return new MemoryLun(
                new LunRecord(number, "lun" + number, identity, SECTORS * Blocks.SECTOR), loop);
    }

    /// Takes every unit attention that is pending for `who`.
    void settle(Nexus who) {
        settle(who, LUN_ONE);
        settle(who, LUN_TWO);
    }

    /// Keeps how a task ended.
    private static final class Kept implements ScsiTask.Owner {
        private @Nullable ScsiResult result;

        @Override
        public void ended(ScsiTask task, ScsiResult ended) {
            result = ended;
        }

        @Override
        public void aborted(ScsiTask task) {
            throw new AssertionError("nothing is aborted here");
        }
    }

    /// A CDB of these first bytes.
    static byte[] cdb(int... first) {
        byte[] bytes = new byte[Cdb.BYTES];
        for (int at = 0; at < first.length; at++) {
            bytes[at] = (byte) first[at];
        }
        return bytes;
    }

    /// A 16-byte CDB with LBA at 2 and a length at 10.
    static byte[] cdb16(int opcode, int flags, long lba, int length) {
        return ByteBuffer.wrap(cdb(opcode, flags)).putLong(2, lba).putInt(10, length).array();
    }

    ScsiResult run(byte[] cdb) {
        return run(nexus, LUN_ONE, null, cdb);
    }

    ScsiResult run(byte[] data, byte[] cdb) {
        return run(nexus, LUN_ONE, data, cdb);
    }

    ScsiResult run(Nexus who, long lun, byte @Nullable [] data, byte[] cdb) {
        Kept kept = new Kept();
        int announced = data == null ? 0 : data.length;
        ScsiTask task = target.open(who, lun, Cdb.of(cdb), announced, 1, kept);
        int wanted = Math.min(announced, task.dataOutBytes());
        IoBuffer bytes =
                data == null || wanted == 0
                        ? null
                        : IoBuffer.unpooled(ByteBuffer.wrap(data, 0, wanted));
        task.run(bytes, length -> IoBuffer.unpooled(ByteBuffer.allocate(length)));
        ScsiResult result = kept.result;
        assertThat(result).as("ended").isNotNull();
        return java.util.Objects.requireNonNull(result);
    }

    /// The data of an answer that has some.
    static byte[] data(ScsiResult result) {
        assertThat(result).isInstanceOf(ScsiResult.Data.class);
        ScsiResult.Data answer = (ScsiResult.Data) result;
        byte[] bytes = new byte[answer.length()];
        answer.data().view().get(bytes);
        return bytes;
    }

    static SenseData senseData(ScsiResult result) {
        assertThat(result).isInstanceOf(ScsiResult.CheckCondition.class);
        return ((ScsiResult.CheckCondition) result).sense();
    }

    static Sense sense(ScsiResult result) {
        return senseData(result).condition();
    }

    static void good(ScsiResult result) {
        assertThat(result).isInstanceOf(ScsiResult.Good.class);
    }

    byte[] read(long lun, long lba, int sectors) {
        return data(run(nexus, lun, null, cdb16(0x88, 0, lba, sectors)));
    }

    void write(long lun, long lba, byte[] bytes) {
        good(run(nexus, lun, bytes, cdb16(0x8A, 0, lba, bytes.length / Blocks.SECTOR)));
    }

    /// `sectors` sectors of this byte.
    static byte[] filled(int sectors, int value) {
        byte[] bytes = new byte[sectors * Blocks.SECTOR];
        Arrays.fill(bytes, (byte) value);
        return bytes;
    }

    static byte[] joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length + second.length).put(first).put(second).array();
    }
}
