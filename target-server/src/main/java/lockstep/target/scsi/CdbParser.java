package lockstep.target.scsi;

import lockstep.target.scsi.ScsiCommand.CompareAndWrite;
import lockstep.target.scsi.ScsiCommand.ExtendedCopy;
import lockstep.target.scsi.ScsiCommand.Inquiry;
import lockstep.target.scsi.ScsiCommand.LbaStatus;
import lockstep.target.scsi.ScsiCommand.LogSense;
import lockstep.target.scsi.ScsiCommand.ModeSelect;
import lockstep.target.scsi.ScsiCommand.ModeSense;
import lockstep.target.scsi.ScsiCommand.OrWrite;
import lockstep.target.scsi.ScsiCommand.PersistentIn;
import lockstep.target.scsi.ScsiCommand.PersistentOut;
import lockstep.target.scsi.ScsiCommand.PreFetch;
import lockstep.target.scsi.ScsiCommand.Read;
import lockstep.target.scsi.ScsiCommand.ReadCapacity16;
import lockstep.target.scsi.ScsiCommand.ReadDefects;
import lockstep.target.scsi.ScsiCommand.ReceiveCopyResults;
import lockstep.target.scsi.ScsiCommand.ReportLuns;
import lockstep.target.scsi.ScsiCommand.ReportOpcodes;
import lockstep.target.scsi.ScsiCommand.ReportTargetPortGroups;
import lockstep.target.scsi.ScsiCommand.ReportTaskManagement;
import lockstep.target.scsi.ScsiCommand.RequestSense;
import lockstep.target.scsi.ScsiCommand.StartStopUnit;
import lockstep.target.scsi.ScsiCommand.SynchronizeCache;
import lockstep.target.scsi.ScsiCommand.Unmap;
import lockstep.target.scsi.ScsiCommand.Verify;
import lockstep.target.scsi.ScsiCommand.Write;
import lockstep.target.scsi.ScsiCommand.WriteAtomic;
import lockstep.target.scsi.ScsiCommand.WriteSame;

import org.jspecify.annotations.Nullable;

/// CDB layouts, SPC-4 and SBC-3 clause by clause.
final class CdbParser {
    private static final int BYTCHK_RESERVED = 2;

    /// Defect list formats beyond are reserved or vendor's.
    private static final int LIST_FORMAT_MAX = 5;

    private CdbParser() {}

    static ScsiCommand requestSense(Cdb cdb) {
        return new RequestSense(cdb.has(1, 1), cdb.u8(4));
    }

    static ScsiCommand inquiry(Cdb cdb) {
        return new Inquiry(cdb.has(1, 1), cdb.u8(2), cdb.u16(3));
    }

    static ScsiCommand modeSense6(Cdb cdb) {
        return modeSense(cdb, false, cdb.u8(4));
    }

    static ScsiCommand modeSense10(Cdb cdb) {
        return modeSense(cdb, true, cdb.u16(7));
    }

    private static ScsiCommand modeSense(Cdb cdb, boolean ten, int allocation) {
        return new ModeSense(
                ten,
                !cdb.has(1, 0x08),
                cdb.has(1, 0x10),
                cdb.u8(2) >> 6,
                cdb.u8(2) & 0x3F,
                cdb.u8(3),
                allocation);
    }

    /// A unit that serves others cannot be stopped by one host: only START is taken.
    static @Nullable ScsiCommand startStop(Cdb cdb) {
        return cdb.has(4, 1) ? new StartStopUnit(true) : null;
    }

    static ScsiCommand readCapacity16(Cdb cdb) {
        return new ReadCapacity16(allocation(cdb, 10));
    }

    static @Nullable ScsiCommand reportLuns(Cdb cdb) {
        return cdb.u8(2) > 2 ? null : new ReportLuns(cdb.u8(2), allocation(cdb, 6));
    }

    static @Nullable ScsiCommand reportOpcodes(Cdb cdb) {
        int options = cdb.u8(2) & 0x07;
        return options > 3
                ? null
                : new ReportOpcodes(
                        options, cdb.u8(3), cdb.u16(4), cdb.has(2, 0x80), allocation(cdb, 6));
    }

    static ScsiCommand reportTaskManagement(Cdb cdb) {
        return new ReportTaskManagement(cdb.has(2, 0x80), allocation(cdb, 6));
    }

    static @Nullable ScsiCommand reportTargetPortGroups(Cdb cdb) {
        int format = cdb.u8(1) >> 5;
        return format > 1 ? null : new ReportTargetPortGroups(format == 1, allocation(cdb, 6));
    }

    static ScsiCommand persistentIn(Cdb cdb, PersistentIn.InAction action) {
        return new PersistentIn(action, cdb.u16(7));
    }

    static ScsiCommand persistentOut(Cdb cdb, PersistentOut.OutAction action) {
        return new PersistentOut(action, cdb.u8(2) >> 4, cdb.u8(2) & 0x0F, allocation(cdb, 5));
    }

    static ScsiCommand read6(Cdb cdb) {
        return new Read(cdb.u24(1) & 0x1F_FFFF, sectors6(cdb));
    }

    static ScsiCommand write6(Cdb cdb) {
        return new Write(cdb.u24(1) & 0x1F_FFFF, sectors6(cdb), false, 0);
    }

    static ScsiCommand read10(Cdb cdb) {
        return new Read(cdb.u32(2), cdb.u16(7));
    }

    static ScsiCommand read12(Cdb cdb) {
        return new Read(cdb.u32(2), cdb.u32(6));
    }

    static ScsiCommand read16(Cdb cdb) {
        return new Read(cdb.u64(2), cdb.u32(10));
    }

    static ScsiCommand write10(Cdb cdb) {
        return new Write(cdb.u32(2), cdb.u16(7), false, 0);
    }

    static ScsiCommand write12(Cdb cdb) {
        return new Write(cdb.u32(2), cdb.u32(6), false, 0);
    }

    static ScsiCommand write16(Cdb cdb) {
        return new Write(cdb.u64(2), cdb.u32(10), false, 0);
    }

    static @Nullable ScsiCommand writeVerify10(Cdb cdb) {
        return writeVerify(cdb, cdb.u32(2), cdb.u16(7));
    }

    static @Nullable ScsiCommand writeVerify12(Cdb cdb) {
        return writeVerify(cdb, cdb.u32(2), cdb.u32(6));
    }

    static @Nullable ScsiCommand writeVerify16(Cdb cdb) {
        return writeVerify(cdb, cdb.u64(2), cdb.u32(10));
    }

    private static @Nullable ScsiCommand writeVerify(Cdb cdb, long lba, long sectors) {
        int compare = cdb.u8(1) >> 1 & 3;
        return compare > 1 ? null : new Write(lba, sectors, true, compare);
    }

    static @Nullable ScsiCommand verify10(Cdb cdb) {
        return verify(cdb, cdb.u32(2), cdb.u16(7));
    }

    static @Nullable ScsiCommand verify12(Cdb cdb) {
        return verify(cdb, cdb.u32(2), cdb.u32(6));
    }

    static @Nullable ScsiCommand verify16(Cdb cdb) {
        return verify(cdb, cdb.u64(2), cdb.u32(10));
    }

    private static @Nullable ScsiCommand verify(Cdb cdb, long lba, long sectors) {
        int compare = cdb.u8(1) >> 1 & 3;
        return compare == BYTCHK_RESERVED ? null : new Verify(lba, sectors, compare);
    }

    static ScsiCommand compareAndWrite(Cdb cdb) {
        return new CompareAndWrite(cdb.u64(2), cdb.u8(13));
    }

    static ScsiCommand orWrite(Cdb cdb) {
        return new OrWrite(cdb.u64(2), cdb.u32(10));
    }

    static ScsiCommand writeAtomic16(Cdb cdb) {
        return new WriteAtomic(cdb.u64(2), cdb.u16(12));
    }

    static ScsiCommand preFetch10(Cdb cdb) {
        return new PreFetch(cdb.u32(2), cdb.u16(7), cdb.has(1, 2));
    }

    static ScsiCommand preFetch16(Cdb cdb) {
        return new PreFetch(cdb.u64(2), cdb.u32(10), cdb.has(1, 2));
    }

    static ScsiCommand lbaStatus(Cdb cdb) {
        return new LbaStatus(cdb.u64(2), allocation(cdb, 10));
    }

    static @Nullable ScsiCommand readDefects10(Cdb cdb) {
        return readDefects(false, cdb.u8(2), cdb.u16(7));
    }

    static @Nullable ScsiCommand readDefects12(Cdb cdb) {
        return readDefects(true, cdb.u8(1), allocation(cdb, 6));
    }

    private static @Nullable ScsiCommand readDefects(boolean twelve, int lists, int allocation) {
        return (lists & 7) > LIST_FORMAT_MAX ? null : new ReadDefects(twelve, lists, allocation);
    }

    static @Nullable ScsiCommand modeSelect6(Cdb cdb) {
        return cdb.has(1, 0x10) ? new ModeSelect(false, cdb.u8(4)) : null;
    }

    static @Nullable ScsiCommand modeSelect10(Cdb cdb) {
        return cdb.has(1, 0x10) ? new ModeSelect(true, cdb.u16(7)) : null;
    }

    static ScsiCommand logSense(Cdb cdb) {
        return new LogSense(cdb.u8(2) >> 6, cdb.u8(2) & 0x3F, cdb.u8(3), cdb.u16(7));
    }

    static ScsiCommand extendedCopy(Cdb cdb) {
        return new ExtendedCopy(allocation(cdb, 10));
    }

    static ScsiCommand receiveCopyResults(Cdb cdb) {
        return new ReceiveCopyResults(cdb.u8(1) & 0x1F, cdb.u8(2), allocation(cdb, 10));
    }

    static ScsiCommand synchronize10(Cdb cdb) {
        return new SynchronizeCache(cdb.u32(2), cdb.u16(7));
    }

    static ScsiCommand synchronize16(Cdb cdb) {
        return new SynchronizeCache(cdb.u64(2), cdb.u32(10));
    }

    static ScsiCommand unmap(Cdb cdb) {
        return new Unmap(cdb.u16(7));
    }

    static ScsiCommand writeSame10(Cdb cdb) {
        return new WriteSame(cdb.u32(2), cdb.u16(7), cdb.has(1, 8), false);
    }

    static ScsiCommand writeSame16(Cdb cdb) {
        return new WriteSame(cdb.u64(2), cdb.u32(10), cdb.has(1, 8), cdb.has(1, 1));
    }

    private static long sectors6(Cdb cdb) {
        return cdb.u8(4) == 0 ? 256 : cdb.u8(4);
    }

    /// No answer of this device is near this long, so a larger room changes nothing.
    private static int allocation(Cdb cdb, int at) {
        return (int) Math.min(cdb.u32(at), Integer.MAX_VALUE);
    }
}
