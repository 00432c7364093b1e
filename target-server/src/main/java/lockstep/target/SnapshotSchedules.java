package lockstep.target;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.ShownVolume;
import lockstep.blockstore.volume.VolumeSnapshots.Taking;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ScheduleView;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.SequencedMap;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/// Runs the schedules of the volumes that are active here, one change of a volume at a time. A
/// mirror runs none: what its source takes comes with the log. On the core loop.
final class SnapshotSchedules {
    private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(5);

    private final Node node;
    private final Set<String> busy = new HashSet<>();

    SnapshotSchedules(Node node) {
        this.node = node;
    }

    /// Looks from now on, until the loop ends.
    void start() {
        node.core()
                .clock()
                .schedule(
                        LOOK_NANOS,
                        () -> {
                            node.volumes().all().forEach(this::look);
                            start();
                        });
    }

    private void look(HostedVolume volume) {
        ActiveVolume active = volume.replica().active();
        if (active == null || !active.isServing() || busy.contains(volume.name())) {
            return;
        }
        long now = node.core().clock().wallMillis();
        List<Snapshot> snapshots = active.snapshots().list();
        for (SnapshotSchedule schedule : of(active).values()) {
            if (schedule.isDue(snapshots, now)) {
                take(volume, active, schedule, now);
                return;
            }
            List<UUID> going = surplus(active, schedule);
            if (!going.isEmpty()) {
                run(volume, "deleting old", done -> active.snapshots().delete(going, done));
                return;
            }
        }
    }

    /// The oldest that is too many and that nobody needs.
    private static List<UUID> surplus(ActiveVolume active, SnapshotSchedule schedule) {
        for (List<Snapshot> group : schedule.surplus(active.snapshots().list())) {
            List<UUID> free =
                    group.stream()
                            .map(Snapshot::identity)
                            .filter(one -> active.snapshots().whyKept(one) == null)
                            .toList();
            if (!free.isEmpty()) {
                return free;
            }
        }
        return List.of();
    }

    private void take(
            HostedVolume volume, ActiveVolume active, SnapshotSchedule schedule, long now) {
        Taking taking =
                new Taking(
                        schedule.snapshotName(now),
                        schedule.luns(),
                        NodeDisks.newName(),
                        now,
                        schedule.name());
        run(volume, "taking", done -> active.snapshots().take(taking, done));
    }

    private void run(HostedVolume volume, String what, Consumer<Outcome.Handler> change) {
        busy.add(volume.name());
        change.accept(
                outcome -> {
                    busy.remove(volume.name());
                    if (!outcome.isDone()) {
                        node.events()
                                .note(volume.name(), what + " snapshots by schedule: " + outcome);
                    }
                });
    }

    private static SequencedMap<String, SnapshotSchedule> of(ShownVolume shown) {
        byte[] value = shown.value(SnapshotSchedule.KEY);
        return SnapshotSchedule.decode(value == null ? new byte[0] : value);
    }

    /// The schedules of every copy here.
    List<ScheduleView> list() {
        List<ScheduleView> views = new ArrayList<>();
        for (HostedVolume volume : node.volumes().all()) {
            ShownVolume shown = volume.open();
            if (shown != null) {
                of(shown).values().forEach(one -> views.add(view(volume, one)));
            }
        }
        return views;
    }

    private static ScheduleView view(HostedVolume volume, SnapshotSchedule one) {
        return new ScheduleView(
                volume.name(), one.name(), one.everySeconds(), one.keep(), one.luns());
    }

    void set(HostedVolume volume, ScheduleView request, CompletableFuture<ScheduleView> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        var one =
                new SnapshotSchedule(
                        request.name(), request.everySeconds(), request.keep(), request.luns());
        if (!one.isSane()) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "that is no schedule",
                    String.format(
                            Locale.ROOT,
                            "a name of letters, digits, '.', '_' and '-', every %d to %d s, keep 1"
                                    + " to %d",
                            SnapshotSchedule.SHORTEST_SECONDS,
                            SnapshotSchedule.LONGEST_SECONDS,
                            Snapshot.MAX));
        }
        SequencedMap<String, SnapshotSchedule> all = of(active);
        all.put(one.name(), one);
        active.put(
                SnapshotSchedule.KEY,
                SnapshotSchedule.encode(all),
                outcome -> {
                    if (outcome.isDone()) {
                        answer.complete(view(volume, one));
                    } else {
                        answer.completeExceptionally(VolumeActions.notDone(outcome));
                    }
                });
    }

    void remove(HostedVolume volume, String name, CompletableFuture<Done> answer) {
        ActiveVolume active = VolumeActions.active(volume);
        SequencedMap<String, SnapshotSchedule> all = of(active);
        if (all.remove(name) == null) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    volume.name() + " has no schedule " + name,
                    "`lockstep snapshot schedule list` shows those that are");
        }
        active.put(
                SnapshotSchedule.KEY,
                SnapshotSchedule.encode(all),
                outcome -> {
                    if (outcome.isDone()) {
                        answer.complete(new Done("schedule " + name + " is removed"));
                    } else {
                        answer.completeExceptionally(VolumeActions.notDone(outcome));
                    }
                });
    }
}
