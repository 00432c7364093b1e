package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.function.Consumer;

/// The reservations of one logical unit, of both kinds.
///
/// The persistent state lives in the volume: it changes by one `put`, counts here from the moment
/// that is durable on every leg, and only then is GOOD said. So a takeover finds at least what any
/// host was told (also without APTPL: to hosts it is no power loss). One change is under way at a
/// time, the others wait in order.
///
/// After the volume was opened from rest, state without APTPL is void. The first command that finds
/// the volume serving says so in the log, before any write of a host, so that no later takeover
/// brings it back.
final class Reservations {
    /// The name of the state beside its LUN.
    static final String NAME = "reservations";

    private record Pending(
            Nexus nexus,
            ScsiCommand.PersistentOut command,
            PersistentOutList list,
            Consumer<ScsiResult> done) {}

    private final Lun lun;
    private final UnitAttentions attentions;
    private final TaskSet tasks;
    private final int relativePort;
    private final Deque<Pending> pending = new ArrayDeque<>();
    private PersistentState now;
    private boolean voidOnDisk;
    private @Nullable Nexus legacyHolder;

    Reservations(Lun lun, UnitAttentions attentions, TaskSet tasks, int relativePort) {
        this.lun = lun;
        this.attentions = attentions;
        this.tasks = tasks;
        this.relativePort = relativePort;
        this.now = PersistentState.NONE;
        load();
    }

    /// The LUN is another one's now (a takeover), or was opened just now: reads what its volume
    /// keeps.
    void load() {
        PersistentState kept = kept();
        boolean lost = lun.hasLostPower();
        now = lost ? kept.afterPowerLoss() : kept;
        voidOnDisk = lost && !kept.equals(now);
    }

    private PersistentState kept() {
        byte[] bytes = lun.value(NAME);
        if (bytes == null) {
            return PersistentState.NONE;
        }
        PersistentState state = PersistentState.decode(bytes);
        return state == null ? PersistentState.UNKNOWN : state;
    }

    /// The state that counts; a mirror's follows what its source sends.
    PersistentState persistent() {
        if (!lun.isServing() && !lun.hasLostPower() && pending.isEmpty()) {
            load();
        }
        return now;
    }

    /// Whether `nexus` may not have a command of `row` carried out now.
    boolean conflicts(Nexus nexus, CommandTable row) {
        ReservationRule rule = ReservationRule.of(row);
        Nexus holder = legacyHolder;
        return (holder != null && rule.conflictsWithLegacy(holder == nexus))
                || persistent().conflicts(rule, nexus.toString());
    }

    /// Makes it durable that a power loss voided what was kept; called before a command runs.
    void settle() {
        if (voidOnDisk && lun.isServing()) {
            voidOnDisk = false;
            ByteBuffer bytes =
                    now.equals(PersistentState.NONE) ? ByteBuffer.allocate(0) : now.encode();
            lun.put(NAME, bytes, outcome -> voidOnDisk |= !outcome.isDone());
        }
    }

    /// What RESERVE took is released: a reset, or the nexus is gone (null: whoever has it).
    void releaseLegacy(@Nullable Nexus nexus) {
        if (nexus == null || nexus == legacyHolder) {
            legacyHolder = null;
        }
    }

    /// Carries `command` out; `data` (handed over) is what came with it.
    void execute(
            Nexus nexus,
            ScsiCommand.Reservation command,
            @Nullable IoBuffer data,
            Consumer<ScsiResult> done) {
        switch (command) {
            case ScsiCommand.ReserveUnit _ -> done.accept(reserve(nexus));
            case ScsiCommand.ReleaseUnit _ -> done.accept(release(nexus));
            case ScsiCommand.PersistentIn in -> done.accept(PersistentIn.answer(in, persistent()));
            case ScsiCommand.PersistentOut out -> {
                PersistentOutList.Read read = PersistentOutList.read(out, data);
                switch (read) {
                    case PersistentOutList.Read.Malformed(var sense) ->
                            done.accept(new ScsiResult.CheckCondition(sense));
                    case PersistentOutList.Read.Whole(var list) ->
                            enqueue(new Pending(nexus, out, list, done));
                }
            }
        }
        if (data != null) {
            data.release();
        }
    }

    /// A nexus that has a persistent reservation already gets GOOD and nothing more; one that has
    /// none, where others have registered, gets none of this kind either.
    private ScsiResult reserve(Nexus nexus) {
        String port = nexus.toString();
        ReservationType type = now.type();
        boolean has = type != null && type.forRegistrants() && now.isRegistered(port);
        if (has || now.isHolder(port)) {
            return ScsiResult.good();
        }
        boolean taken = legacyHolder != null && legacyHolder != nexus;
        if (taken || !now.registrations().isEmpty()) {
            return new ScsiResult.ReservationConflict();
        }
        legacyHolder = nexus;
        return ScsiResult.good();
    }

    private ScsiResult release(Nexus nexus) {
        boolean stranger = !now.registrations().isEmpty() && !now.isRegistered(nexus.toString());
        if (stranger) {
            return new ScsiResult.ReservationConflict();
        }
        releaseLegacy(nexus);
        return ScsiResult.good();
    }

    private void enqueue(Pending command) {
        pending.add(command);
        if (pending.size() == 1) {
            carryOn();
        }
    }

    /// Carries out what waits, up to the next change that has to become durable.
    private void carryOn() {
        while (!pending.isEmpty()) {
            Pending first = pending.element();
            PersistentOut.Step step =
                    PersistentOut.apply(
                            now, first.nexus.toString(), relativePort, first.command, first.list);
            switch (step) {
                case PersistentOut.Step.Unchanged _ -> end(ScsiResult.good());
                case PersistentOut.Step.Refused(var result) -> end(result);
                case PersistentOut.Step.Changed changed -> {
                    lun.put(NAME, changed.next().encode(), outcome -> put(changed, outcome));
                    return;
                }
            }
        }
    }

    private void end(ScsiResult result) {
        pending.remove().done.accept(result);
    }

    private void put(PersistentOut.Step.Changed changed, Outcome outcome) {
        if (!outcome.isDone()) {
            // It may stand in the log: what stands there counts.
            now = kept();
            end(BlockCommands.ended(outcome, false));
            carryOn();
            return;
        }
        now = changed.next();
        for (PersistentOut.Told told : changed.told()) {
            attentions.establish(told.condition(), told.port());
        }
        List<ScsiTask> victims =
                tasks.select(task -> changed.aborted().contains(task.nexus().toString()));
        // A victim may be waiting in line here, so the line goes on before all of them are over.
        Consumer<ScsiResult> done = pending.remove().done;
        TaskSet.abort(victims, () -> done.accept(ScsiResult.good()));
        carryOn();
    }
}
