package lockstep.target.scsi;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.IntPredicate;
import java.util.function.Predicate;

/// A SCSI target device with one port and up to 256 logical units, all on one event loop. Each
/// nexus sees those that its host may use. LUNs may come and go between commands: who sees them is
/// told by a unit attention, and tasks of a LUN that went end as the volume ends them.
public final class ScsiTarget {
    /// Whoever comes back after so many others is told of a power on, which says more.
    private static final int SEEN_MAX = 1024;

    private static final Sense LUNS_CHANGED = Sense.REPORTED_LUNS_DATA_HAS_CHANGED;

    private final PortIdentity port;
    private final EventLoop loop;
    private final TargetPaths paths;
    private final ScsiLimits limits;
    private final SortedMap<Integer, LogicalUnit> units = new TreeMap<>();
    private final Set<Nexus> nexuses = new LinkedHashSet<>();
    private final Visibility visibility = new Visibility();
    private final CopyManager copies = new CopyManager(this::visibleTo);

    /// Initiator ports that were logged in since this target is there, the latest of them.
    private final Set<String> seen = new LinkedHashSet<>();

    /// Tasks of LUNs that were removed.
    private final List<LogicalUnit> removed = new ArrayList<>();

    /// A target without LUNs and without a partner.
    public ScsiTarget(PortIdentity port, EventLoop loop, ScsiLimits limits) {
        this(port, TargetPaths.alone(port), loop, limits);
    }

    /// A target without LUNs, which are reached through `paths`.
    public ScsiTarget(PortIdentity port, TargetPaths paths, EventLoop loop, ScsiLimits limits) {
        this.port = port;
        this.paths = paths;
        this.loop = loop;
        this.limits = limits;
    }

    /// Its name and port group.
    public PortIdentity port() {
        return port;
    }

    /// Shows `lun` under its number, which must be free.
    public void addLun(Lun lun) {
        Check.that(loop.inLoop(), "a target changes on its own loop");
        int number = lun.record().number();
        Check.that(!units.containsKey(number), "a LUN number is used once");
        LogicalUnit unit = new LogicalUnit(lun, port, paths, limits, copies);
        units.put(number, unit);
        inventoryChanged(number);
        for (Nexus nexus : nexuses) {
            unit.open(nexus, Sense.POWER_ON_OR_RESET_OCCURRED);
        }
    }

    /// LUN `next` takes the place of the one of its number, which is the same to hosts: the volume
    /// behind it became active here.
    public void switchLun(Lun next) {
        Check.that(loop.inLoop(), "a target changes on its own loop");
        LogicalUnit unit = units.get(next.record().number());
        Check.that(
                unit != null && unit.lun().record().identity().equals(next.record().identity()),
                "a LUN is switched to itself");
        if (unit != null) {
            unit.backedBy(next);
        }
    }

    /// Hides LUN `number` and aborts its tasks; `done` runs when none is under way.
    public void removeLun(int number, Runnable done) {
        Check.that(loop.inLoop(), "a target changes on its own loop");
        LogicalUnit unit = units.remove(number);
        if (unit == null) {
            done.run();
            return;
        }
        removed.add(unit);
        inventoryChanged(number);
        TaskSet.abort(
                unit.tasks().select(_ -> true),
                () -> {
                    removed.remove(unit);
                    done.run();
                });
    }

    /// The LUNs shown now, by number.
    public List<Lun> luns() {
        List<Lun> luns = new ArrayList<>();
        units.values().forEach(unit -> luns.add(unit.lun()));
        return luns;
    }

    /// The logical units that `nexus` may use: the only ones that its copies find.
    private Collection<LogicalUnit> visibleTo(Nexus nexus) {
        return unitsOf(nexus).values();
    }

    /// LUN `number` came or went: who sees it is told by every unit it sees.
    private void inventoryChanged(int number) {
        for (Nexus nexus : nexuses) {
            if (visibility.sees(nexus, number)) {
                inventoryChanged(nexus);
            }
        }
    }

    private void inventoryChanged(Nexus nexus) {
        units.forEach(
                (number, unit) -> {
                    if (visibility.sees(nexus, number)) {
                        unit.attentions().establish(LUNS_CHANGED, nexus);
                    }
                });
    }

    /// An initiator port logged in that sees every LUN.
    public Nexus attach(String initiatorPort) {
        return attach(initiatorPort, _ -> true);
    }

    /// An initiator port logged in that sees the LUNs whose numbers `sees` holds for.
    public Nexus attach(String initiatorPort, IntPredicate sees) {
        Nexus nexus = new Nexus(initiatorPort);
        nexuses.add(nexus);
        visibility.open(nexus, sees);
        Sense first =
                seen.remove(initiatorPort)
                        ? Sense.I_T_NEXUS_LOSS_OCCURRED
                        : Sense.POWER_ON_OR_RESET_OCCURRED;
        seen.add(initiatorPort);
        if (seen.size() > SEEN_MAX) {
            seen.remove(seen.iterator().next());
        }
        units.values().forEach(unit -> unit.open(nexus, first));
        return nexus;
    }

    /// From now on `nexus` sees the LUNs that `sees` holds for; it is told if that changes
    /// anything. Commands that it sent before go on.
    public void reveal(Nexus nexus, IntPredicate sees) {
        Check.that(loop.inLoop(), "a target changes on its own loop");
        boolean changed = false;
        for (int number : units.keySet()) {
            changed |= visibility.sees(nexus, number) != sees.test(number);
        }
        visibility.open(nexus, sees);
        if (changed) {
            inventoryChanged(nexus);
        }
    }

    /// The unit that `nexus` addresses by `lunField`; null if it sees none there.
    private @Nullable LogicalUnit unitOf(Nexus nexus, long lunField) {
        int number = LunNumber.decode(lunField);
        return visibility.sees(nexus, number) ? units.get(number) : null;
    }

    private SortedMap<Integer, LogicalUnit> unitsOf(Nexus nexus) {
        SortedMap<Integer, LogicalUnit> seen = new TreeMap<>(units);
        seen.keySet().removeIf(number -> !visibility.sees(nexus, number));
        return seen;
    }

    /// The nexus is lost: its tasks are aborted, and `done` runs when none is under way.
    public void detach(Nexus nexus, Runnable done) {
        nexuses.remove(nexus);
        visibility.close(nexus);
        copies.forget(nexus);
        units.values().forEach(unit -> unit.close(nexus));
        TaskSet.abort(tasks(task -> task.nexus() == nexus), done);
    }

    /// Takes a command of `nexus` for the LUN in `lunField`. The task is in the unit's task set
    /// from now on; who brought it gathers [ScsiTask#dataOutBytes] and lets it run. A refused
    /// command is a task too: it needs no data, and ends with its sense when it runs.
    public ScsiTask open(
            Nexus nexus, long lunField, Cdb cdb, long announcedOut, int tag, ScsiTask.Owner owner) {
        LogicalUnit unit = unitOf(nexus, lunField);
        ScsiTask task =
                new ScsiTask(nexus, tag, owner, admit(nexus, unit, lunField, cdb, announcedOut));
        if (unit != null) {
            task.join(unit.tasks());
        }
        return task;
    }

    private ScsiTask.TaskBody admit(
            Nexus nexus, @Nullable LogicalUnit unit, long lunField, Cdb cdb, long announcedOut) {
        CommandTable row = CommandTable.firstOf(cdb.opcode());
        if (row != null && row.hasAction()) {
            row = CommandTable.find(cdb.opcode(), cdb.u8(1) & 0x1F);
        }
        if (row == null) {
            return refused(unit == null ? Sense.LOGICAL_UNIT_NOT_SUPPORTED.plain() : unknown(cdb));
        }
        int unused = row.unusedByte(cdb);
        ScsiCommand command = unused < 0 ? row.parse(cdb) : null;
        if (command == null) {
            return refused(
                    unused < 0
                            ? Sense.INVALID_FIELD_IN_CDB.plain()
                            : Sense.INVALID_FIELD_IN_CDB.field(unused));
        }
        if (command instanceof ScsiCommand.ReportLuns report
                && (unit != null || LunNumber.decode(lunField) == 0)) {
            // Whoever asks for the list need not be told that it changed (SPC-4 6.30).
            units.values().forEach(each -> each.attentions().clear(LUNS_CHANGED, nexus));
            return new ScsiTask.TaskBody.Settled(Reports.luns(report, unitsOf(nexus).keySet()));
        }
        if (unit == null) {
            return new ScsiTask.TaskBody.Settled(withoutUnit(command));
        }
        ScsiResult refusal = unit.refusal(nexus, row, command, announcedOut);
        return refusal == null
                ? new ScsiTask.TaskBody.ForUnit(unit, row, command)
                : new ScsiTask.TaskBody.Settled(refusal);
    }

    /// An operation code that is known with other service actions is one with a wrong field.
    private static SenseData unknown(Cdb cdb) {
        return CommandTable.firstOf(cdb.opcode()) == null
                ? Sense.INVALID_COMMAND_OPERATION_CODE.plain()
                : Sense.INVALID_FIELD_IN_CDB.field(1);
    }

    /// A LUN number without a unit still answers INQUIRY and REQUEST SENSE.
    private ScsiResult withoutUnit(ScsiCommand command) {
        return switch (command) {
            case ScsiCommand.Inquiry inquiry -> Inquiry.answer(inquiry, null, port, limits);
            case ScsiCommand.RequestSense sense ->
                    LogicalUnit.senseAsData(Sense.LOGICAL_UNIT_NOT_SUPPORTED.plain(), sense);
            default -> ScsiResult.check(Sense.LOGICAL_UNIT_NOT_SUPPORTED);
        };
    }

    private static ScsiTask.TaskBody refused(SenseData sense) {
        return new ScsiTask.TaskBody.Settled(new ScsiResult.CheckCondition(sense));
    }

    /// Carries out a task management function for `nexus`; `done` is told when it is over, which is
    /// after the last task that it aborts.
    public void manage(
            Nexus nexus, ManagementFunction function, Consumer<ManagementFunction.Response> done) {
        switch (function) {
            case ManagementFunction.AbortTaskSet(long lun) ->
                    onUnit(
                            nexus,
                            lun,
                            done,
                            unit ->
                                    abort(
                                            unit.tasks().select(task -> task.nexus() == nexus),
                                            done));
            case ManagementFunction.ClearTaskSet(long lun) ->
                    onUnit(nexus, lun, done, unit -> clear(unit, nexus, done));
            case ManagementFunction.LogicalUnitReset(long lun) ->
                    onUnit(nexus, lun, done, unit -> reset(List.of(unit), done));
            case ManagementFunction.TargetReset _ ->
                    reset(List.copyOf(unitsOf(nexus).values()), done);
        }
    }

    private void onUnit(
            Nexus nexus,
            long lun,
            Consumer<ManagementFunction.Response> done,
            Consumer<LogicalUnit> action) {
        LogicalUnit unit = unitOf(nexus, lun);
        if (unit == null) {
            done.accept(ManagementFunction.Response.NO_SUCH_LUN);
        } else {
            action.accept(unit);
        }
    }

    private static void clear(
            LogicalUnit unit, Nexus nexus, Consumer<ManagementFunction.Response> done) {
        List<ScsiTask> victims = unit.tasks().select(_ -> true);
        for (ScsiTask victim : victims) {
            if (victim.nexus() != nexus) {
                unit.attentions()
                        .establish(Sense.COMMANDS_CLEARED_BY_ANOTHER_INITIATOR, victim.nexus());
            }
        }
        abort(victims, done);
    }

    private static void reset(List<LogicalUnit> which, Consumer<ManagementFunction.Response> done) {
        List<ScsiTask> victims = new ArrayList<>();
        for (LogicalUnit unit : which) {
            victims.addAll(unit.tasks().select(_ -> true));
            unit.reset();
        }
        abort(victims, done);
    }

    private static void abort(List<ScsiTask> victims, Consumer<ManagementFunction.Response> done) {
        TaskSet.abort(victims, () -> done.accept(ManagementFunction.Response.COMPLETE));
    }

    private List<ScsiTask> tasks(Predicate<ScsiTask> which) {
        List<ScsiTask> selected = new ArrayList<>();
        units.values().forEach(unit -> selected.addAll(unit.tasks().select(which)));
        removed.forEach(unit -> selected.addAll(unit.tasks().select(which)));
        return selected;
    }
}
