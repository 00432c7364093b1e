package lockstep.cli.initiator;

import io.netty.buffer.ByteBuf;

import java.util.Arrays;

/// Fills a [ScsiTask] with a command (SPC-4, SBC-3). LBAs and counts are in logical blocks, of 512
/// bytes unless said otherwise; the CDB forms are those with 16 bytes except where a name says 10.
public final class Cdb {
    private static final int SECTOR = 512;

    private Cdb() {}

    /// TEST UNIT READY.
    public static ScsiTask testUnitReady(ScsiTask task, int lun) {
        opcode(task, 0x00);
        return task.noData(lun);
    }

    /// INQUIRY: standard data, or with `page` of 0 and above that vital product data page.
    public static ScsiTask inquiry(ScsiTask task, int lun, int page, ByteBuf into, int bytes) {
        byte[] cdb = opcode(task, 0x12);
        cdb[1] = (byte) (page >= 0 ? 1 : 0);
        cdb[2] = (byte) Math.max(page, 0);
        put16(cdb, 3, bytes);
        return task.dataIn(lun, into, bytes);
    }

    /// REPORT LUNS, all of them.
    public static ScsiTask reportLuns(ScsiTask task, ByteBuf into, int bytes) {
        put32(opcode(task, 0xa0), 6, bytes);
        return task.dataIn(0, into, bytes);
    }

    /// READ CAPACITY(16); 32 bytes come.
    public static ScsiTask readCapacity16(ScsiTask task, int lun, ByteBuf into) {
        byte[] cdb = opcode(task, 0x9e);
        cdb[1] = 0x10;
        put32(cdb, 10, 32);
        return task.dataIn(lun, into, 32);
    }

    /// MODE SENSE(6) of one page.
    public static ScsiTask modeSense6(ScsiTask task, int lun, int page, ByteBuf into, int bytes) {
        byte[] cdb = opcode(task, 0x1a);
        cdb[2] = (byte) page;
        cdb[4] = (byte) bytes;
        return task.dataIn(lun, into, bytes);
    }

    /// READ(10).
    public static ScsiTask read10(ScsiTask task, int lun, long lba, int sectors, ByteBuf into) {
        put10(opcode(task, 0x28), lba, sectors);
        return task.dataIn(lun, into, sectors * SECTOR);
    }

    /// WRITE(10).
    public static ScsiTask write10(ScsiTask task, int lun, long lba, int sectors, ByteBuf from) {
        put10(opcode(task, 0x2a), lba, sectors);
        return task.dataOut(lun, from, sectors * SECTOR);
    }

    /// READ(16).
    public static ScsiTask read16(ScsiTask task, int lun, long lba, int sectors, ByteBuf into) {
        put16Byte(opcode(task, 0x88), lba, sectors);
        return task.dataIn(lun, into, sectors * SECTOR);
    }

    /// WRITE(16).
    public static ScsiTask write16(ScsiTask task, int lun, long lba, int sectors, ByteBuf from) {
        put16Byte(opcode(task, 0x8a), lba, sectors);
        return task.dataOut(lun, from, sectors * SECTOR);
    }

    /// WRITE SAME(16): the 512 bytes at `pattern` go to every block; with `unmap` the blocks may be
    /// unmapped instead.
    public static ScsiTask writeSame16(
            ScsiTask task, int lun, long lba, int sectors, boolean unmap, ByteBuf pattern) {
        byte[] cdb = opcode(task, 0x93);
        cdb[1] = (byte) (unmap ? 0x08 : 0);
        put16Byte(cdb, lba, sectors);
        return task.dataOut(lun, pattern, SECTOR);
    }

    /// UNMAP of one range; `scratch` must have 24 writable bytes at its reader index, which are
    /// filled with the parameter list.
    public static ScsiTask unmap(ScsiTask task, int lun, long lba, int sectors, ByteBuf scratch) {
        int at = scratch.readerIndex();
        scratch.setShort(at, 22).setShort(at + 2, 16).setInt(at + 4, 0);
        scratch.setLong(at + 8, lba).setInt(at + 16, sectors).setInt(at + 20, 0);
        put16(opcode(task, 0x42), 7, 24);
        return task.dataOut(lun, scratch, 24);
    }

    /// SYNCHRONIZE CACHE(16) of the whole LUN.
    public static ScsiTask synchronizeCache16(ScsiTask task, int lun) {
        opcode(task, 0x91);
        return task.noData(lun);
    }

    /// SYNCHRONIZE CACHE(10) of the whole LUN.
    public static ScsiTask synchronizeCache10(ScsiTask task, int lun) {
        opcode(task, 0x35);
        return task.noData(lun);
    }

    /// REPORT SUPPORTED OPERATION CODES, all of them.
    public static ScsiTask reportOpcodes(ScsiTask task, int lun, ByteBuf into, int bytes) {
        byte[] cdb = opcode(task, 0xa3);
        cdb[1] = 0x0c;
        put32(cdb, 6, bytes);
        return task.dataIn(lun, into, bytes);
    }

    /// REPORT TARGET PORT GROUPS, without the extended header.
    public static ScsiTask reportTargetPortGroups(ScsiTask task, int lun, ByteBuf into, int bytes) {
        byte[] cdb = opcode(task, 0xa3);
        cdb[1] = 0x0a;
        put32(cdb, 6, bytes);
        return task.dataIn(lun, into, bytes);
    }

    /// PERSISTENT RESERVE IN: 0 READ KEYS, 1 READ RESERVATION, 2 REPORT CAPABILITIES, 3 READ FULL
    /// STATUS.
    public static ScsiTask persistentReserveIn(
            ScsiTask task, int lun, int action, ByteBuf into, int bytes) {
        byte[] cdb = opcode(task, 0x5e);
        cdb[1] = (byte) action;
        put16(cdb, 7, bytes);
        return task.dataIn(lun, into, bytes);
    }

    /// PERSISTENT RESERVE OUT with the basic parameter list in the 24 bytes of `list`: 0 REGISTER,
    /// 1 RESERVE, 2 RELEASE, 3 CLEAR, 4 PREEMPT. `type` is that of the reservation.
    public static ScsiTask persistentReserveOut(
            ScsiTask task, int lun, int action, int type, ByteBuf list) {
        byte[] cdb = opcode(task, 0x5f);
        cdb[1] = (byte) action;
        cdb[2] = (byte) type;
        put32(cdb, 5, 24);
        return task.dataOut(lun, list, 24);
    }

    private static byte[] opcode(ScsiTask task, int code) {
        Arrays.fill(task.cdb, (byte) 0);
        task.cdb[0] = (byte) code;
        return task.cdb;
    }

    private static void put10(byte[] cdb, long lba, int sectors) {
        put32(cdb, 2, (int) lba);
        put16(cdb, 7, sectors);
    }

    private static void put16Byte(byte[] cdb, long lba, int sectors) {
        put32(cdb, 2, (int) (lba >>> 32));
        put32(cdb, 6, (int) lba);
        put32(cdb, 10, sectors);
    }

    private static void put16(byte[] cdb, int at, int value) {
        cdb[at] = (byte) (value >>> 8);
        cdb[at + 1] = (byte) value;
    }

    private static void put32(byte[] cdb, int at, int value) {
        put16(cdb, at, value >>> 16);
        put16(cdb, at + 2, value);
    }
}
