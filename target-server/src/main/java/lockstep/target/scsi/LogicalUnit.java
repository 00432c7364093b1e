package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// One LUN as a SCSI logical unit: checks a command against the LUN's state and size, then carries
/// it out in one exhaustive switch. Task set and unit attentions are shared by all nexuses.
final class LogicalUnit {
    private final SwitchedLun lun;
    private final PortIdentity port;
    private final TargetPaths paths;
    private final ScsiLimits limits;
    private final BlockCommands blocks;
    private final AtomicCommands atomic;
    private final BlockQueries queries;
    private final CopyManager copies;
    private final ModePages modes = new ModePages();
    private final ThinProvisioning thin = new ThinProvisioning();
    private final TaskSet tasks = new TaskSet();
    private final UnitAttentions attentions = new UnitAttentions();
    private final Reservations reservations;
    private long knownSize;
    private AccessState knownState;

    LogicalUnit(
            Lun first,
            PortIdentity port,
            TargetPaths paths,
            ScsiLimits limits,
            CopyManager copies) {
        this.lun = new SwitchedLun(first);
        this.port = port;
        this.paths = paths;
        this.limits = limits;
        this.blocks = new BlockCommands(lun);
        this.atomic = new AtomicCommands(lun);
        this.queries = new BlockQueries(lun);
        this.copies = copies;
        this.reservations = new Reservations(lun, attentions, tasks, port.relativePort());
        this.knownSize = lun.record().size();
        this.knownState = paths.here();
    }

    /// The same LUN is `next` from now on; hosts notice nothing but its access state.
    void backedBy(Lun next) {
        lun.to(next);
        reservations.releaseLegacy(null);
        reservations.load();
    }

    /// A nexus came and is told `first`. What changed before it came is none of its business.
    void open(Nexus nexus, Sense first) {
        notice();
        attentions.open(nexus, first);
    }

    /// One nexus is gone.
    void close(Nexus nexus) {
        attentions.close(nexus);
        reservations.releaseLegacy(nexus);
    }

    /// LOGICAL UNIT RESET: ends what RESERVE took and what MODE SELECT changed, and tells every
    /// nexus, its sender too (SAM-5 6.3.3). Persistent reservations stay.
    void reset() {
        modes.reset();
        reservations.releaseLegacy(null);
        attentions.establishForOthers(Sense.BUS_DEVICE_RESET_OCCURRED, null);
    }

    Lun lun() {
        return lun;
    }

    TaskSet tasks() {
        return tasks;
    }

    UnitAttentions attentions() {
        return attentions;
    }

    Reservations reservations() {
        return reservations;
    }

    /// Why `command` cannot run now for `nexus`; null if it can. A pending unit attention comes
    /// before anything else, and is used up by this.
    @Nullable ScsiResult refusal(
            Nexus nexus, CommandTable row, ScsiCommand command, long announcedOut) {
        notice();
        if (!(command instanceof ScsiCommand.Read)) {
            thin.look(lun.space(), attentions);
        }
        if (row.kind() != CommandTable.Kind.ALWAYS) {
            Sense attention = attentions.take(nexus);
            if (attention != null) {
                return ScsiResult.check(attention);
            }
        }
        if (row.kind() == CommandTable.Kind.MEDIUM && !lun.isServing()) {
            return ScsiResult.check(notServing());
        }
        reservations.settle();
        if (reservations.conflicts(nexus, row)) {
            return new ScsiResult.ReservationConflict();
        }
        SenseData misfit = misfit(command, announcedOut);
        return misfit == null ? null : new ScsiResult.CheckCondition(misfit);
    }

    private Sense notServing() {
        Sense refusal = paths.here().refusal();
        return refusal == null ? Sense.ACCESS_STATE_TRANSITION : refusal;
    }

    private @Nullable SenseData misfit(ScsiCommand command, long announcedOut) {
        Sense protection = writeProtection();
        if (command instanceof ScsiCommand.Change && protection != null) {
            return protection.plain();
        }
        if (!AtomicCommands.isEnough(command, announcedOut)) {
            return Sense.INVALID_FIELD_IN_CDB.plain();
        }
        return outOfBounds(command);
    }

    /// Whether a copy for `nexus` may read or write here. It has the rights of the nexus that sent
    /// it.
    boolean mayCopy(Nexus nexus, boolean writes, long lba, long sectors) {
        CommandTable like = writes ? CommandTable.WRITE_16 : CommandTable.READ_16;
        return lun.isServing()
                && !reservations.conflicts(nexus, like)
                && !(writes && writeProtection() != null)
                && range(lba, sectors, Long.MAX_VALUE) == null;
    }

    /// Why nobody may write now (SPC-4 4.5.6, DATA PROTECT); null if they may.
    private @Nullable Sense writeProtection() {
        if (lun.record().readOnly()) {
            return Sense.WRITE_PROTECTED;
        }
        return modes.isWriteProtected() ? Sense.SOFTWARE_WRITE_PROTECTED : null;
    }

    /// What changed since the last command is told to all from the next one on.
    private void notice() {
        AccessState state = paths.here();
        if (state != knownState) {
            knownState = state;
            attentions.establishForOthers(Sense.ASYMMETRIC_ACCESS_STATE_CHANGED, null);
        }
        long size = lun.record().size();
        if (size != knownSize) {
            knownSize = size;
            attentions.establishForOthers(Sense.CAPACITY_DATA_HAS_CHANGED, null);
        }
    }

    private @Nullable SenseData outOfBounds(ScsiCommand command) {
        return switch (command) {
            case ScsiCommand.Read(long lba, long sectors) ->
                    range(lba, sectors, limits.transferMax());
            case ScsiCommand.Write(long lba, long sectors, _, _) ->
                    range(lba, sectors, limits.transferMax());
            case ScsiCommand.Verify(long lba, long sectors, _) ->
                    range(lba, sectors, limits.transferMax());
            case ScsiCommand.SynchronizeCache(long lba, long sectors) ->
                    range(lba, sectors, Long.MAX_VALUE);
            case ScsiCommand.WriteSame(long lba, long sectors, _, _) ->
                    // WSNZ: 0 does not mean "to the end" here.
                    sectors == 0
                            ? Sense.INVALID_FIELD_IN_CDB.plain()
                            : range(lba, sectors, limits.writeSameMax());
            case ScsiCommand.CompareAndWrite(long lba, int sectors) ->
                    range(lba, sectors, limits.compareMax());
            case ScsiCommand.OrWrite(long lba, long sectors) ->
                    range(lba, sectors, limits.transferMax());
            case ScsiCommand.WriteAtomic(long lba, int sectors) ->
                    range(lba, sectors, limits.atomicMax());
            case ScsiCommand.PreFetch(long lba, long sectors, _) ->
                    range(lba, sectors, Long.MAX_VALUE);
            case ScsiCommand.LbaStatus(long lba, _) -> range(lba, 1, Long.MAX_VALUE);
            case ScsiCommand.ExtendedCopy(int listBytes) ->
                    listBytes > CopyList.BYTES_MAX
                            ? Sense.PARAMETER_LIST_LENGTH_ERROR.plain()
                            : null;
            case ScsiCommand.PersistentOut out ->
                    out.listBytes() > PersistentOutList.BYTES_MAX
                            ? Sense.PARAMETER_LIST_LENGTH_ERROR.plain()
                            : null;
            case ScsiCommand.TestUnitReady _,
                    ScsiCommand.RequestSense _,
                    ScsiCommand.Inquiry _,
                    ScsiCommand.ModeSense _,
                    ScsiCommand.StartStopUnit _,
                    ScsiCommand.PreventAllow _,
                    ScsiCommand.ReserveUnit _,
                    ScsiCommand.ReleaseUnit _,
                    ScsiCommand.PersistentIn _,
                    ScsiCommand.ReportTargetPortGroups _,
                    ScsiCommand.ReadCapacity10 _,
                    ScsiCommand.ReadCapacity16 _,
                    ScsiCommand.ReportLuns _,
                    ScsiCommand.ReportOpcodes _,
                    ScsiCommand.ReportTaskManagement _,
                    ScsiCommand.ReadDefects _,
                    ScsiCommand.ModeSelect _,
                    ScsiCommand.LogSense _,
                    ScsiCommand.ReceiveCopyResults _,
                    ScsiCommand.Unmap _ ->
                    null;
        };
    }

    /// An LBA of 2^63 and more is negative here. The end of the LUN with no sectors is allowed.
    private @Nullable SenseData range(long lba, long sectors, long sectorsMax) {
        long lunSectors = lun.record().size() / Blocks.SECTOR;
        if (lba < 0 || lba > lunSectors || sectors > lunSectors - lba) {
            return Sense.LBA_OUT_OF_RANGE.plain();
        }
        return sectors > sectorsMax ? Sense.INVALID_FIELD_IN_CDB.plain() : null;
    }

    /// Carries `command` out; `data` (handed over) is what the host sent for it. A command that
    /// takes long asks `aborted` whether it is still wanted.
    void execute(
            Nexus nexus,
            ScsiCommand command,
            @Nullable IoBuffer data,
            Buffers buffers,
            BooleanSupplier aborted,
            Consumer<ScsiResult> done) {
        LunRecord record = lun.record();
        switch (command) {
            case ScsiCommand.TestUnitReady _ -> done.accept(ScsiResult.good());
            case ScsiCommand.RequestSense sense -> done.accept(pendingSense(nexus, sense));
            case ScsiCommand.Inquiry inquiry ->
                    done.accept(Inquiry.answer(inquiry, record, port, limits));
            case ScsiCommand.ModeSense sense ->
                    done.accept(modes.answer(sense, record, lun.space()));
            case ScsiCommand.ModeSelect select -> done.accept(modeSelect(nexus, select, data));
            case ScsiCommand.LogSense sense -> done.accept(LogPages.answer(sense, lun.space()));
            case ScsiCommand.StartStopUnit _, ScsiCommand.PreventAllow _ ->
                    done.accept(ScsiResult.good());
            case ScsiCommand.ReadCapacity10 _ -> done.accept(Reports.capacity10(record));
            case ScsiCommand.ReadCapacity16(int allocation) ->
                    done.accept(Reports.capacity16(record, allocation));
            case ScsiCommand.ReportLuns _ ->
                    throw new IllegalStateException("REPORT LUNS is answered by the target");
            case ScsiCommand.ReportOpcodes report -> done.accept(Reports.opcodes(report));
            case ScsiCommand.ReportTaskManagement report ->
                    done.accept(Reports.taskManagement(report));
            case ScsiCommand.ReportTargetPortGroups report ->
                    done.accept(PortGroupReport.answer(report, paths.groups()));
            case ScsiCommand.Reservation reservation ->
                    reservations.execute(nexus, reservation, data, done);
            case ScsiCommand.Read read -> blocks.read(read, buffers, done);
            case ScsiCommand.Write write -> blocks.write(write, data, buffers, done);
            case ScsiCommand.Verify verify -> blocks.verify(verify, data, buffers, done);
            case ScsiCommand.SynchronizeCache _ -> blocks.flush(done);
            case ScsiCommand.Unmap(int listBytes) -> {
                long sectors = record.size() / Blocks.SECTOR;
                blocks.unmap(data, UnmapList.check(data, listBytes, sectors, limits), done);
            }
            case ScsiCommand.WriteSame same -> blocks.writeSame(same, data, done);
            case ScsiCommand.CompareAndWrite compare -> atomic.compareAndWrite(compare, data, done);
            case ScsiCommand.OrWrite or -> atomic.orWrite(or, data, done);
            case ScsiCommand.WriteAtomic write -> atomic.writeAtomic(write, data, done);
            case ScsiCommand.PreFetch preFetch -> queries.preFetch(preFetch, done);
            case ScsiCommand.LbaStatus status -> queries.lbaStatus(status, done);
            case ScsiCommand.ReadDefects defects -> done.accept(Reports.defects(defects));
            case ScsiCommand.ExtendedCopy(int listBytes) ->
                    copies.copy(nexus, listBytes, data, aborted, done);
            case ScsiCommand.ReceiveCopyResults results ->
                    done.accept(copies.results(nexus, results));
        }
    }

    /// The other nexuses are told if anything changed (SPC-4, MODE SELECT).
    private ScsiResult modeSelect(
            Nexus nexus, ScsiCommand.ModeSelect command, @Nullable IoBuffer data) {
        boolean before = modes.isWriteProtected();
        long sectors = lun.record().size() / Blocks.SECTOR;
        SenseData refusal = new ModeSelect(modes, sectors).take(command, data, lun.space());
        if (data != null) {
            data.release();
        }
        if (modes.isWriteProtected() != before) {
            attentions.establishForOthers(Sense.MODE_PARAMETERS_CHANGED, nexus);
        }
        return refusal == null ? ScsiResult.good() : new ScsiResult.CheckCondition(refusal);
    }

    private ScsiResult pendingSense(Nexus nexus, ScsiCommand.RequestSense command) {
        Sense attention = attentions.take(nexus);
        SenseData sense =
                attention != null
                        ? attention.plain()
                        : (lun.isServing() ? Sense.NO_SENSE : notServing()).plain();
        return senseAsData(sense, command);
    }

    /// `sense` in the format that REQUEST SENSE asked for.
    static ScsiResult senseAsData(SenseData sense, ScsiCommand.RequestSense command) {
        byte[] bytes = command.descriptorFormat() ? sense.descriptor() : sense.fixed();
        return new ParameterData().raw(bytes).upTo(command.allocation());
    }
}
