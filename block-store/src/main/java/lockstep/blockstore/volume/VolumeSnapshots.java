package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;

/// The snapshots of an active volume, and what can be done with them. Every change waits until no
/// consistency point is under way or in doubt. Then, in one turn of the loop, it is checked against
/// what there is, becomes the last entry of its half, and the half freezes: so it stands at an
/// exact place in the log, no write waits for it, and a replay decides nothing. All calls on the
/// volume's loop; an answer is given when the entry is durable on every leg.
public final class VolumeSnapshots {
    /// Blocks kept for what a new snapshot or clone needs in maps and lists.
    private static final long ROOM = 16;

    private static final int NAME_MAX = 128;

    /// What to take. `luns` are LUN numbers; empty: all that take writes. `identity` is random, and
    /// what is taken gets identities made from it. `origin` is the schedule that asks, or empty.
    public record Taking(
            String name, List<Integer> luns, UUID identity, long createdMillis, String origin) {}

    /// Steps, or why there are none.
    private record Plan(List<SnapshotStep> steps, boolean needsRoom, @Nullable String refusal) {
        static Plan of(List<SnapshotStep> steps, boolean needsRoom) {
            return new Plan(steps, needsRoom, null);
        }

        static Plan refused(String why) {
            return new Plan(List.of(), false, why);
        }
    }

    /// Says what to do, at the moment it can be done.
    private interface Planner {
        Plan plan();
    }

    private final ActiveVolume volume;
    private final VolumeCore core;
    private final CpDriver driver;
    private Function<UUID, @Nullable String> users = _ -> null;

    VolumeSnapshots(ActiveVolume volume, VolumeCore core, CpDriver driver) {
        this.volume = volume;
        this.core = core;
        this.driver = driver;
    }

    /// All snapshots, oldest first; one that is not committed yet has no figures.
    public List<Snapshot> list() {
        return core.luns.snapshots();
    }

    /// Whoever uses snapshots without the volume's knowing is asked before one goes: `users` gives
    /// the reason why it cannot, or null.
    public void usedBy(Function<UUID, @Nullable String> users) {
        this.users = users;
    }

    /// Those of them that the committed image holds, for reading.
    KeptSnapshots.Image committed() {
        return new KeptSnapshots.Image() {
            @Override
            public void whenKnown(Runnable next) {
                next.run();
            }

            @Override
            public @Nullable Snapshot find(UUID identity) {
                Snapshot found = core.luns.snapshot(identity);
                boolean over = volume.service() == ActiveVolume.Service.STOPPED;
                return found == null || over || !found.isCommitted() ? null : found;
            }

            @Override
            public long readBegins() {
                return driver.readBegins();
            }

            @Override
            public void readEnds(long generation) {
                driver.readEnds(generation);
            }
        };
    }

    /// The LUNs that are clones of snapshot `identity`.
    public List<LunRecord> clonesOf(UUID identity) {
        return core.luns.list().stream()
                .filter(lun -> identity.equals(lun.origin()))
                .map(LunState::record)
                .toList();
    }

    /// Takes snapshots of several LUNs at one place in the log.
    public void take(Taking taking, Outcome.Handler done) {
        change(() -> planTake(taking), done);
    }

    /// Deletes the snapshots of these identities; none if one of them cannot be.
    public void delete(List<UUID> identities, Outcome.Handler done) {
        Set<UUID> left = new LinkedHashSet<>(identities);
        boolean[] begun = new boolean[1];
        Planner planner =
                () -> {
                    left.removeIf(one -> begun[0] && core.luns.snapshot(one) == null);
                    begun[0] = true;
                    return planDelete(left);
                };
        inTurn(planner, done);
    }

    /// Makes LUN `as`, which begins as snapshot `identity`.
    public void cloneAs(UUID identity, LunRecord as, Outcome.Handler done) {
        change(() -> planClone(identity, as), done);
    }

    /// Lets a LUN go back to what snapshot `identity` is. Newer snapshots of the LUN are in the way
    /// unless `deleteNewer`. The LUN keeps its size.
    public void restore(UUID identity, boolean deleteNewer, Outcome.Handler done) {
        inTurn(() -> planRestore(identity, deleteNewer), done);
    }

    /// Deletes LUN `number`. Its snapshots are in the way unless `withSnapshots`. The space comes
    /// back with the next consistency points.
    public void deleteLun(int number, boolean withSnapshots, Outcome.Handler done) {
        inTurn(() -> planDeleteLun(number, withSnapshots), done);
    }

    /// Whether the replay met a change of snapshots, which the next image commits alone.
    boolean wereReplayed() {
        return core.sealed != null;
    }

    /// Blocks that only snapshots keep from being free: of the LUN of this identity.
    public long heldBlocks(UUID lun) {
        LunState state = core.luns.find(lun);
        long held = state == null ? 0 : state.dead().blocks();
        for (Snapshot snapshot : core.luns.snapshots()) {
            held += snapshot.lun().identity().equals(lun) ? snapshot.dead().blocks() : 0;
        }
        return held;
    }

    /// Does what `planner` says, but deletes only one snapshot of each LUN at a time, and asks it
    /// again when those are gone: so what one consistency point has to join stays in proportion to
    /// the number of snapshots. Everything is checked before the first goes. If it ends in anything
    /// but done, some of them may be gone.
    private void inTurn(Planner planner, Outcome.Handler done) {
        boolean[] isLast = new boolean[1];
        change(
                () -> {
                    Plan whole = planner.plan();
                    List<SnapshotStep> first = onePerLun(whole.steps);
                    isLast[0] = first.size() == whole.steps.size();
                    return new Plan(first, whole.needsRoom, whole.refusal);
                },
                outcome -> {
                    if (outcome.isDone() && !isLast[0]) {
                        inTurn(planner, done);
                    } else {
                        done.ended(outcome);
                    }
                });
    }

    /// The deletions that may go together; anything else waits for the last of them.
    private List<SnapshotStep> onePerLun(List<SnapshotStep> steps) {
        List<SnapshotStep> first = new ArrayList<>();
        Set<UUID> luns = new HashSet<>();
        for (SnapshotStep step : steps) {
            if (step instanceof SnapshotStep.Delete(var identity)) {
                Snapshot snapshot = core.luns.snapshot(identity);
                if (snapshot != null && luns.add(snapshot.lun().identity())) {
                    first.add(step);
                }
            }
        }
        return first.isEmpty() ? steps : first;
    }

    private void change(Planner planner, Outcome.Handler done) {
        Outcome refusal = volume.media().serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        driver.atBoundary(
                new Boundary() {
                    @Override
                    public Answer log() {
                        return VolumeSnapshots.this.log(planner, done);
                    }

                    @Override
                    public void refused(Outcome outcome) {
                        done.ended(outcome);
                    }
                });
    }

    private Boundary.Answer log(Planner planner, Outcome.Handler done) {
        Outcome refusal = volume.media().serviceRefusal();
        Plan plan = refusal == null ? planner.plan() : Plan.of(List.of(), false);
        String why = plan.refusal;
        if (refusal == null && why != null) {
            refusal = new Outcome.Refused(why);
        }
        if (refusal == null && plan.needsRoom && !core.hasRoom(ROOM, false)) {
            refusal = new Outcome.NoSpace();
        }
        if (refusal != null) {
            done.ended(refusal);
            return Boundary.Answer.REFUSED;
        }
        ByteBuffer value = SnapshotStep.encode(plan.steps);
        long bytes = 0L + EntryCodec.HEAD_BYTES + SnapshotStep.KEY.length() + value.remaining();
        if (!core.isWithoutLog() && !core.copy.log().roomFor(core.half, bytes)) {
            return Boundary.Answer.LATER;
        }
        if (plan.needsRoom) {
            core.reserve(ROOM);
        }
        core.log(new LogEntry.Put(core.nextPosition(), SnapshotStep.KEY, value));
        volume.media().answerWhenDurable(done);
        return Boundary.Answer.LOGGED;
    }

    private Plan planTake(Taking taking) {
        String misnamed = misnamed(taking.name);
        if (misnamed != null) {
            return Plan.refused(misnamed);
        }
        List<SnapshotStep> steps = new ArrayList<>();
        for (LunState lun : core.luns.list()) {
            int number = lun.record().number();
            boolean all = taking.luns.isEmpty();
            if (all ? lun.record().readOnly() : !taking.luns.contains(number)) {
                continue;
            }
            if (find(lun.identity(), taking.name) != null) {
                return Plan.refused("LUN " + number + " has a snapshot " + taking.name);
            }
            UUID group = taking.identity;
            UUID own =
                    new UUID(
                            group.getMostSignificantBits(),
                            group.getLeastSignificantBits() + 1L + steps.size());
            steps.add(
                    new SnapshotStep.Take(
                            /* identity= */ own,
                            group,
                            /* lun= */ lun.identity(),
                            taking.createdMillis,
                            taking.name,
                            taking.origin));
        }
        if (steps.isEmpty() || steps.size() < taking.luns.size()) {
            return Plan.refused("there is no such LUN");
        }
        if (core.luns.snapshots().size() + steps.size() > Snapshot.MAX) {
            return Plan.refused("a volume has at most " + Snapshot.MAX + " snapshots");
        }
        return Plan.of(steps, true);
    }

    private static @Nullable String misnamed(String name) {
        boolean fits = !name.isBlank() && name.length() <= NAME_MAX;
        return fits ? null : "a name has 1 to " + NAME_MAX + " characters";
    }

    private @Nullable Snapshot find(UUID lun, String name) {
        for (Snapshot snapshot : core.luns.snapshots()) {
            if (snapshot.lun().identity().equals(lun) && snapshot.name().equals(name)) {
                return snapshot;
            }
        }
        return null;
    }

    private Plan planDelete(Collection<UUID> identities) {
        List<SnapshotStep> steps = new ArrayList<>();
        for (UUID identity : identities) {
            Snapshot snapshot = core.luns.snapshot(identity);
            String why = snapshot == null ? "there is no such snapshot" : used(snapshot);
            if (why != null) {
                return Plan.refused(why);
            }
            steps.add(new SnapshotStep.Delete(identity));
        }
        return Plan.of(steps, false);
    }

    /// Why snapshot `identity` cannot go, or null.
    public @Nullable String whyKept(UUID identity) {
        Snapshot snapshot = core.luns.snapshot(identity);
        return snapshot == null ? null : used(snapshot);
    }

    /// Clones stand on it, or somebody else needs it.
    private @Nullable String used(Snapshot snapshot) {
        List<LunRecord> clones = clonesOf(snapshot.identity());
        List<String> names = clones.stream().map(c -> c.number() + " (" + c.name() + ")").toList();
        String why =
                clones.isEmpty()
                        ? users.apply(snapshot.identity())
                        : "has clones: LUN " + String.join(", LUN ", names);
        String which = "snapshot " + snapshot.name() + " of LUN " + snapshot.lun().number();
        return why == null ? null : which + " " + why;
    }

    private Plan planClone(UUID identity, LunRecord as) {
        Snapshot snapshot = core.luns.snapshot(identity);
        if (snapshot == null) {
            return Plan.refused("there is no such snapshot");
        }
        if (core.luns.find(as.number()) != null) {
            return Plan.refused("LUN " + as.number() + " exists");
        }
        // What the snapshot was when it was taken is the size of the clone.
        LunRecord sized = as.sized(snapshot.lun().size());
        return Plan.of(List.of(new SnapshotStep.Clone(identity, sized)), true);
    }

    private Plan planRestore(UUID identity, boolean deleteNewer) {
        Snapshot snapshot = core.luns.snapshot(identity);
        LunState lun = snapshot == null ? null : core.luns.find(snapshot.lun().identity());
        if (snapshot == null || lun == null) {
            return Plan.refused("there is no such snapshot");
        }
        if (lun.record().readOnly()) {
            return Plan.refused("LUN " + lun.record().number() + " is read-only");
        }
        List<Snapshot> its = core.image.snapshotsOf(lun.identity());
        List<Snapshot> newer = its.subList(its.indexOf(snapshot) + 1, its.size());
        if (!newer.isEmpty() && !deleteNewer) {
            List<String> names = newer.stream().map(Snapshot::name).toList();
            return Plan.refused("newer snapshots are in the way: " + String.join(", ", names));
        }
        List<SnapshotStep> steps = new ArrayList<>();
        for (Snapshot going : newer) {
            String why = used(going);
            if (why != null) {
                return Plan.refused(why);
            }
            steps.add(new SnapshotStep.Delete(going.identity()));
        }
        steps.add(new SnapshotStep.Restore(identity));
        return Plan.of(steps, false);
    }

    private Plan planDeleteLun(int number, boolean withSnapshots) {
        LunState lun = core.luns.find(number);
        if (lun == null) {
            return Plan.refused("there is no LUN " + number);
        }
        List<Snapshot> its = core.image.snapshotsOf(lun.identity());
        for (Snapshot snapshot : its) {
            String why = used(snapshot);
            if (why != null) {
                return Plan.refused(why);
            }
        }
        if (!its.isEmpty() && !withSnapshots) {
            return Plan.refused("LUN " + number + " has " + its.size() + " snapshots");
        }
        List<SnapshotStep> steps = new ArrayList<>();
        its.forEach(snapshot -> steps.add(new SnapshotStep.Delete(snapshot.identity())));
        steps.add(new SnapshotStep.DeleteLun(lun.identity()));
        return Plan.of(steps, false);
    }
}
