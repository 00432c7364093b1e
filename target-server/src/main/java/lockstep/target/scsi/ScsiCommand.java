package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;

/// A command as a value, parsed once. LBAs and counts are in sectors of 512 bytes; `allocation` is
/// how many bytes the host has room for.
public sealed interface ScsiCommand {
    /// A command that changes the medium of the unit it is sent to: refused while that is write
    /// protected.
    sealed interface Change extends ScsiCommand {}

    /// A change whose data is taken whole or not at all.
    sealed interface Whole extends Change {}

    /// Is the LUN served?
    record TestUnitReady() implements ScsiCommand {}

    /// What is pending for this nexus?
    record RequestSense(boolean descriptorFormat, int allocation) implements ScsiCommand {}

    /// Who are you: standard data, or vital product data page `page`.
    record Inquiry(boolean vital, int page, int allocation) implements ScsiCommand {}

    /// Mode pages; `control` 0 current, 1 changeable, 2 default, 3 saved.
    record ModeSense(
            boolean ten,
            boolean withDescriptor,
            boolean longDescriptor,
            int control,
            int page,
            int subpage,
            int allocation)
            implements ScsiCommand {}

    /// Start or stop.
    record StartStopUnit(boolean start) implements ScsiCommand {}

    /// There is no medium to remove: accepted, without effect.
    record PreventAllow() implements ScsiCommand {}

    /// Size, 32-bit form.
    record ReadCapacity10() implements ScsiCommand {}

    /// Size and provisioning.
    record ReadCapacity16(int allocation) implements ScsiCommand {}

    /// Which LUNs are there.
    record ReportLuns(int select, int allocation) implements ScsiCommand {}

    /// Which commands are there: the rows of [CommandTable].
    record ReportOpcodes(
            int options, int opcode, int serviceAction, boolean timeouts, int allocation)
            implements ScsiCommand {}

    /// Which task management functions are there.
    record ReportTaskManagement(boolean extended, int allocation) implements ScsiCommand {}

    /// READ of any length.
    record Read(long lba, long sectors) implements ScsiCommand {}

    /// WRITE of any length, or WRITE AND VERIFY.
    record Write(long lba, long sectors, boolean verify, int compare) implements Change {}

    /// VERIFY; `compare` is BYTCHK: 0 medium only, 1 all bytes, 3 one sector against each.
    record Verify(long lba, long sectors, int compare) implements ScsiCommand {}

    /// SYNCHRONIZE CACHE; 0 sectors means to the end.
    record SynchronizeCache(long lba, long sectors) implements ScsiCommand {}

    /// UNMAP with a parameter list of this many bytes.
    record Unmap(int listBytes) implements Change {}

    /// WRITE SAME; `noData` means zeros.
    record WriteSame(long lba, long sectors, boolean unmap, boolean noData) implements Change {}

    /// COMPARE AND WRITE: its data is what to compare with, then as much to write.
    record CompareAndWrite(long lba, int sectors) implements Whole {}

    /// ORWRITE: sets bits.
    record OrWrite(long lba, long sectors) implements Whole {}

    /// WRITE ATOMIC.
    record WriteAtomic(long lba, int sectors) implements Whole {}

    /// PRE-FETCH; 0 sectors means to the end.
    record PreFetch(long lba, long sectors, boolean immediate) implements ScsiCommand {}

    /// GET LBA STATUS.
    record LbaStatus(long lba, int allocation) implements ScsiCommand {}

    /// READ DEFECT DATA; `lists` are the bits for the lists and the format that were asked for.
    record ReadDefects(boolean twelve, int lists, int allocation) implements ScsiCommand {}

    /// MODE SELECT with a parameter list of this many bytes.
    record ModeSelect(boolean ten, int listBytes) implements ScsiCommand {}

    /// Log pages; `control` 1 is cumulative values.
    record LogSense(int control, int page, int subpage, int allocation) implements ScsiCommand {}

    /// EXTENDED COPY(LID1) with a parameter list of this many bytes. What it changes it finds out.
    record ExtendedCopy(int listBytes) implements ScsiCommand {}

    /// RECEIVE COPY RESULTS(LID1).
    record ReceiveCopyResults(int action, int listId, int allocation) implements ScsiCommand {}

    /// Which ports lead to this LUN, and how it is served through each.
    record ReportTargetPortGroups(boolean extended, int allocation) implements ScsiCommand {}

    /// Commands of reservations.
    sealed interface Reservation extends ScsiCommand {}

    /// RESERVE of the whole unit.
    record ReserveUnit() implements Reservation {}

    /// RELEASE of the whole unit.
    record ReleaseUnit() implements Reservation {}

    /// PERSISTENT RESERVE IN.
    record PersistentIn(InAction action, int allocation) implements Reservation {
        /// Its service actions.
        enum InAction {
            READ_KEYS,
            READ_RESERVATION,
            REPORT_CAPABILITIES,
            READ_FULL_STATUS
        }
    }

    /// PERSISTENT RESERVE OUT with a parameter list of this many bytes.
    record PersistentOut(OutAction action, int scope, int type, int listBytes)
            implements Reservation {
        /// Its service actions.
        enum OutAction {
            REGISTER,
            RESERVE,
            RELEASE,
            CLEAR,
            PREEMPT,
            PREEMPT_AND_ABORT,
            REGISTER_AND_IGNORE_EXISTING_KEY,
            REGISTER_AND_MOVE
        }
    }

    /// Bytes that the host sends with this command. The transfer limit is checked before anything
    /// is allocated by this number.
    default long dataOutBytes() {
        return switch (this) {
            case Write write -> write.sectors * Blocks.SECTOR;
            case Verify verify ->
                    switch (verify.compare) {
                        case 1 -> verify.sectors * Blocks.SECTOR;
                        case 3 -> Math.min(verify.sectors, 1) * Blocks.SECTOR;
                        default -> 0;
                    };
            case Unmap unmap -> unmap.listBytes;
            case PersistentOut out -> out.listBytes;
            case WriteSame same -> same.noData ? 0 : Blocks.SECTOR;
            case CompareAndWrite compare -> 2L * compare.sectors * Blocks.SECTOR;
            case OrWrite or -> or.sectors * Blocks.SECTOR;
            case WriteAtomic write -> (long) write.sectors * Blocks.SECTOR;
            case ModeSelect select -> select.listBytes;
            case ExtendedCopy copy -> copy.listBytes;
            case TestUnitReady _,
                    RequestSense _,
                    Inquiry _,
                    ModeSense _,
                    StartStopUnit _,
                    PreventAllow _,
                    ReadCapacity10 _,
                    ReadCapacity16 _,
                    ReportLuns _,
                    ReportOpcodes _,
                    ReportTaskManagement _,
                    ReportTargetPortGroups _,
                    ReserveUnit _,
                    ReleaseUnit _,
                    PersistentIn _,
                    Read _,
                    PreFetch _,
                    LbaStatus _,
                    ReadDefects _,
                    LogSense _,
                    ReceiveCopyResults _,
                    SynchronizeCache _ ->
                    0;
        };
    }

    /// Bytes that must be held to read from the medium for this command.
    default long readBytes() {
        return switch (this) {
            case Read read -> read.sectors * Blocks.SECTOR;
            case Verify verify -> verify.sectors * Blocks.SECTOR;
            case Write write -> write.verify ? write.sectors * Blocks.SECTOR : 0;
            case CompareAndWrite compare -> (long) compare.sectors * Blocks.SECTOR;
            case OrWrite or -> or.sectors * Blocks.SECTOR;
            case TestUnitReady _,
                    RequestSense _,
                    Inquiry _,
                    ModeSense _,
                    StartStopUnit _,
                    PreventAllow _,
                    ReadCapacity10 _,
                    ReadCapacity16 _,
                    ReportLuns _,
                    ReportOpcodes _,
                    ReportTaskManagement _,
                    ReportTargetPortGroups _,
                    Reservation _,
                    Unmap _,
                    WriteSame _,
                    WriteAtomic _,
                    PreFetch _,
                    LbaStatus _,
                    ReadDefects _,
                    ModeSelect _,
                    LogSense _,
                    ExtendedCopy _,
                    ReceiveCopyResults _,
                    SynchronizeCache _ ->
                    0;
        };
    }
}
