package lockstep.target.scsi;

import lockstep.target.scsi.PersistentState.Registration;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// PERSISTENT RESERVE OUT as a function from one state to the next (SPC-4 5.13.6 to 5.13.11): what
/// becomes of the registrations and the reservation, who is told what, whose tasks are aborted.
/// Nothing here has an effect.
final class PersistentOut {
    /// What the state becomes.
    sealed interface Step {
        /// GOOD, and everything stays as it is.
        record Unchanged() implements Step {}

        /// Another status, and everything stays as it is.
        record Refused(ScsiResult result) implements Step {}

        /// GOOD, once `next` is durable. Then each of `told` gets its unit attention, and tasks
        /// from `aborted` are aborted.
        record Changed(PersistentState next, List<Told> told, Set<String> aborted)
                implements Step {}
    }

    /// A unit attention for the initiator port `port`.
    record Told(String port, Sense condition) {}

    /// More registrations than this are refused.
    static final int REGISTRATIONS_MAX = 128;

    private static final Step UNCHANGED = new Step.Unchanged();
    private static final Step CONFLICT = new Step.Refused(new ScsiResult.ReservationConflict());
    private static final int WHOLE_UNIT = 0;

    private final PersistentState before;
    private final String port;
    private final int relativePort;
    private final ScsiCommand.PersistentOut command;
    private final PersistentOutList list;
    private final List<Told> told = new ArrayList<>();
    private final Set<String> aborted = new LinkedHashSet<>();

    private PersistentOut(
            PersistentState before,
            String port,
            int relativePort,
            ScsiCommand.PersistentOut command,
            PersistentOutList list) {
        this.before = before;
        this.port = port;
        this.relativePort = relativePort;
        this.command = command;
        this.list = list;
    }

    /// What `command` with `list` from initiator port `port`, through this device's port
    /// `relativePort`, makes of `before`.
    static Step apply(
            PersistentState before,
            String port,
            int relativePort,
            ScsiCommand.PersistentOut command,
            PersistentOutList list) {
        return new PersistentOut(before, port, relativePort, command, list).apply();
    }

    private Step apply() {
        Registration own = before.find(port);
        return switch (command.action()) {
            case REGISTER -> own == null ? registerNew(true) : reregister(own, true);
            case REGISTER_AND_IGNORE_EXISTING_KEY ->
                    own == null ? registerNew(false) : reregister(own, false);
            case RESERVE -> proves(own) ? reserve() : CONFLICT;
            case RELEASE -> proves(own) ? release() : CONFLICT;
            case CLEAR -> proves(own) ? clear() : CONFLICT;
            case PREEMPT -> own != null && proves(own) ? preempt(own, false) : CONFLICT;
            case PREEMPT_AND_ABORT -> own != null && proves(own) ? preempt(own, true) : CONFLICT;
            case REGISTER_AND_MOVE -> own != null && proves(own) ? move(own) : CONFLICT;
        };
    }

    /// Whether the nexus is registered and knows its key.
    private boolean proves(@Nullable Registration own) {
        return own != null && own.key() == list.key();
    }

    private Step registerNew(boolean withKey) {
        if (withKey && list.key() != 0) {
            return CONFLICT;
        }
        if (list.serviceKey() == 0) {
            return UNCHANGED;
        }
        List<Registration> all = new ArrayList<>(before.registrations());
        all.add(registration(port));
        for (String other : list.ports()) {
            if (all.stream().noneMatch(each -> each.port().equals(other))) {
                all.add(registration(other));
            }
        }
        return registered(all, before.type(), before.holder());
    }

    private Registration registration(String of) {
        return new Registration(of, list.serviceKey(), relativePort, list.allPorts());
    }

    private Step reregister(Registration own, boolean withKey) {
        if (withKey && !proves(own)) {
            return CONFLICT;
        }
        if (!list.ports().isEmpty()) {
            return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(20));
        }
        if (list.serviceKey() != 0) {
            List<Registration> all = new ArrayList<>(before.registrations());
            all.set(all.indexOf(own), own.withKey(list.serviceKey()));
            return registered(all, before.type(), before.holder());
        }
        List<Registration> left = new ArrayList<>(before.registrations());
        left.remove(own);
        boolean releases = releasesWithout(left);
        if (releases && before.type() != null && before.type().forRegistrants()) {
            tellAll(left, Sense.RESERVATIONS_RELEASED);
        }
        return registered(left, releases ? null : before.type(), releases ? null : before.holder());
    }

    /// Whether the reservation ends when only `left` are registered: its holder is not, or nobody
    /// is.
    private boolean releasesWithout(List<Registration> left) {
        ReservationType type = before.type();
        if (type == null) {
            return false;
        }
        return type.allRegistrants()
                ? left.isEmpty()
                : left.stream().noneMatch(each -> each.port().equals(before.holder()));
    }

    private Step registered(
            List<Registration> all, @Nullable ReservationType type, @Nullable String holder) {
        if (all.size() > REGISTRATIONS_MAX) {
            return refused(Sense.INSUFFICIENT_REGISTRATION_RESOURCES.plain());
        }
        return changed(
                new PersistentState(
                        before.generation() + 1, list.throughPowerLoss(), type, holder, all));
    }

    private Step reserve() {
        ReservationType type = asked();
        if (type == null) {
            return refused(Sense.INVALID_FIELD_IN_CDB.field(2));
        }
        if (before.type() == null) {
            return changed(reservedAs(type, before.registrations(), before.generation()));
        }
        return before.isHolder(port) && before.type() == type ? UNCHANGED : CONFLICT;
    }

    /// The type that the CDB asks for, of the only scope there is; null if there is no such one.
    private @Nullable ReservationType asked() {
        return command.scope() == WHOLE_UNIT ? ReservationType.of(command.type()) : null;
    }

    private PersistentState reservedAs(
            ReservationType type, List<Registration> registrations, int generation) {
        return new PersistentState(
                generation,
                before.throughPowerLoss(),
                type,
                type.allRegistrants() ? null : port,
                registrations);
    }

    private Step release() {
        ReservationType held = before.type();
        if (held == null || !before.isHolder(port)) {
            return UNCHANGED;
        }
        if (asked() != held) {
            return refused(Sense.INVALID_RELEASE_OF_PERSISTENT_RESERVATION.plain());
        }
        if (held.forRegistrants()) {
            tellAll(before.registrations(), Sense.RESERVATIONS_RELEASED);
        }
        return changed(
                new PersistentState(
                        before.generation(),
                        before.throughPowerLoss(),
                        null,
                        null,
                        before.registrations()));
    }

    private Step clear() {
        tellAll(before.registrations(), Sense.RESERVATIONS_PREEMPTED);
        return changed(
                new PersistentState(
                        before.generation() + 1, before.throughPowerLoss(), null, null, List.of()));
    }

    private Step preempt(Registration own, boolean abort) {
        long victim = list.serviceKey();
        ReservationType held = before.type();
        boolean everybody = held != null && held.allRegistrants() && victim == 0;
        if (victim == 0 && !everybody) {
            return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(8));
        }
        Registration holder = before.holder() == null ? null : before.find(before.holder());
        boolean takesOver = everybody || (holder != null && holder.key() == victim);
        boolean known = before.registrations().stream().anyMatch(each -> each.key() == victim);
        if (!takesOver && !known) {
            return CONFLICT;
        }
        ReservationType type = asked();
        if (takesOver && type == null) {
            return refused(Sense.INVALID_FIELD_IN_CDB.field(2));
        }
        List<Registration> left = new ArrayList<>();
        for (Registration each : before.registrations()) {
            boolean stays = everybody ? each.equals(own) : each.key() != victim;
            if (stays || (takesOver && each.equals(own))) {
                left.add(each);
            } else {
                lose(each, abort);
            }
        }
        int generation = before.generation() + 1;
        if (takesOver && type != null) {
            if (type != held) {
                tellAll(left, Sense.RESERVATIONS_RELEASED);
            }
            return changed(reservedAs(type, left, generation));
        }
        boolean releases = releasesWithout(left);
        return changed(
                new PersistentState(
                        generation,
                        before.throughPowerLoss(),
                        releases ? null : held,
                        releases ? null : before.holder(),
                        left));
    }

    private void lose(Registration loser, boolean abort) {
        if (loser.port().equals(port)) {
            return;
        }
        told.add(new Told(loser.port(), Sense.REGISTRATIONS_PREEMPTED));
        if (abort) {
            aborted.add(loser.port());
        }
    }

    private Step move(Registration own) {
        ReservationType held = before.type();
        if (held == null || !before.isHolder(port)) {
            return refused(Sense.INVALID_FIELD_IN_CDB.field(1));
        }
        if (held.allRegistrants()) {
            return CONFLICT;
        }
        String destination = list.ports().getFirst();
        boolean itself = destination.equals(port);
        if (list.serviceKey() == 0 || itself) {
            return refused(Sense.INVALID_FIELD_IN_PARAMETER_LIST.field(itself ? 24 : 8));
        }
        List<Registration> all = new ArrayList<>(before.registrations());
        if (list.unregister()) {
            all.remove(own);
        }
        Registration known = before.find(destination);
        if (known == null) {
            all.add(new Registration(destination, list.serviceKey(), list.relativePort(), false));
        } else {
            all.set(all.indexOf(known), known.withKey(list.serviceKey()));
        }
        return registered(all, held, destination);
    }

    private void tellAll(List<Registration> those, Sense condition) {
        for (Registration each : those) {
            if (!each.port().equals(port)) {
                told.add(new Told(each.port(), condition));
            }
        }
    }

    private Step changed(PersistentState next) {
        return new Step.Changed(next, List.copyOf(told), aborted);
    }

    private static Step refused(SenseData sense) {
        return new Step.Refused(new ScsiResult.CheckCondition(sense));
    }
}
