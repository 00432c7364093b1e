package lockstep.target.admin;

import lockstep.target.admin.model.CloneSnapshot;
import lockstep.target.admin.model.CreateLun;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.GrowVolume;
import lockstep.target.admin.model.LunView;
import lockstep.target.admin.model.PairCompared;
import lockstep.target.admin.model.RestoreSnapshot;
import lockstep.target.admin.model.ResyncAll;
import lockstep.target.admin.model.ScheduleView;
import lockstep.target.admin.model.SetPolicy;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.SwitchedOver;
import lockstep.target.admin.model.TakeSnapshot;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;

/// The snapshots of [FakeNode]: a list; and a pair that always does what is asked.
abstract class FakeSnapshots implements SnapshotControl, PairControl {
    /// Every action, in order.
    public final List<String> asked = new ArrayList<>();

    private final List<SnapshotView> snapshots = new ArrayList<>();
    private final List<ScheduleView> schedules = new ArrayList<>();

    private final FakePeers peers = new FakePeers();

    /// Part of what [NodeControl] asks for.
    public PeerControl peers() {
        return peers;
    }

    abstract <T> CompletableFuture<T> ifKnown(String volume, Supplier<T> action);

    public abstract CompletableFuture<LunView> createLun(String volume, CreateLun request);

    @Override
    public synchronized CompletableFuture<SwitchedOver> switchOver(String volume) {
        return ifKnown(
                volume,
                () -> {
                    asked.add("switch " + volume + " over");
                    return new SwitchedOver(volume, "other", 123_456);
                });
    }

    @Override
    public synchronized CompletableFuture<PairCompared> verifyPair(String volume) {
        return ifKnown(
                volume,
                () -> {
                    List<Long> differing = volume.startsWith("bad") ? List.of(7L) : List.of();
                    return new PairCompared(volume, "cp 5 of epoch 1@1", 100, differing);
                });
    }

    @Override
    public synchronized CompletableFuture<Done> resyncAll(String volume, ResyncAll request) {
        return ifKnown(
                volume,
                () -> {
                    asked.add(volume + " " + request);
                    return new Done("everything is copied");
                });
    }

    @Override
    public synchronized CompletableFuture<Done> setPolicy(String volume, SetPolicy request) {
        return ifKnown(
                volume,
                () -> {
                    asked.add(volume + " " + request);
                    return new Done(volume + " is " + request.policy());
                });
    }

    public synchronized CompletableFuture<Done> growVolume(String volume, GrowVolume request) {
        asked.add("growVolume " + volume + " " + request);
        return ifKnown(volume, () -> new Done(volume + " is larger"));
    }

    static <T> CompletableFuture<T> done(T value) {
        return CompletableFuture.completedFuture(value);
    }

    @Override
    public synchronized CompletableFuture<List<SnapshotView>> snapshots() {
        return done(List.copyOf(snapshots));
    }

    @Override
    public synchronized CompletableFuture<List<SnapshotView>> takeSnapshot(
            String volume, TakeSnapshot request) {
        asked.add("takeSnapshot " + volume + " " + request);
        return ifKnown(
                volume,
                () -> {
                    List<SnapshotView> taken = new ArrayList<>();
                    for (int lun : request.luns()) {
                        taken.add(
                                new SnapshotView(
                                        volume,
                                        lun,
                                        request.name(),
                                        "g",
                                        "2026-11-26T02:00:00Z",
                                        "",
                                        "kept",
                                        1 << 30,
                                        8192,
                                        1 << 20,
                                        List.of(7)));
                    }
                    snapshots.addAll(taken);
                    return taken;
                });
    }

    @Override
    public synchronized CompletableFuture<Done> deleteSnapshot(
            String volume, int lun, String name) {
        asked.add("deleteSnapshot " + volume + " " + lun + " " + name);
        return ifKnown(volume, () -> new Done("snapshot " + name + " is deleted"));
    }

    @Override
    public synchronized CompletableFuture<Done> restoreSnapshot(
            String volume, int lun, String name, RestoreSnapshot request) {
        asked.add("restoreSnapshot " + volume + " " + lun + " " + name + " " + request);
        return ifKnown(volume, () -> new Done("LUN " + lun + " is what " + name + " kept"));
    }

    @Override
    public synchronized CompletableFuture<LunView> cloneSnapshot(
            String volume, int lun, String name, CloneSnapshot request) {
        asked.add("cloneSnapshot " + volume + " " + lun + " " + name + " " + request);
        return createLun(volume, new CreateLun(request.number(), request.name(), 4096));
    }

    @Override
    public synchronized CompletableFuture<List<ScheduleView>> schedules() {
        return done(List.copyOf(schedules));
    }

    @Override
    public synchronized CompletableFuture<ScheduleView> setSchedule(
            String volume, ScheduleView request) {
        asked.add("setSchedule " + volume + " " + request);
        var made =
                new ScheduleView(
                        volume,
                        request.name(),
                        request.everySeconds(),
                        request.keep(),
                        request.luns());
        schedules.add(made);
        return ifKnown(volume, () -> made);
    }

    @Override
    public synchronized CompletableFuture<Done> removeSchedule(String volume, String name) {
        asked.add("removeSchedule " + volume + " " + name);
        return ifKnown(volume, () -> new Done("schedule " + name + " is removed"));
    }
}
