package lockstep.target;

import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.replication.role.ShownSnapshots;
import lockstep.target.admin.AdminException;
import lockstep.target.admin.model.AdminError.Code;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;

import org.jspecify.annotations.Nullable;

import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Locale;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;

/// A mirror's snapshots shown to hosts, for an operator: read-only, or as clones that take writes.
/// On the core loop; refusals are thrown or complete the answer.
final class ExportActions {
    private static final long LOOK_NANOS = 20_000_000;

    /// So long an answer waits for the image that holds a snapshot just taken.
    private static final long PATIENCE_NANOS = 60_000_000_000L;

    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    private final Node node;

    ExportActions(Node node) {
        this.node = node;
    }

    List<ExportView> list() {
        List<ExportView> views = new ArrayList<>();
        for (HostedVolume volume : node.volumes().all()) {
            node.exports().of(volume).forEach(export -> views.add(view(volume, export)));
        }
        return views;
    }

    private ExportView view(HostedVolume volume, Export export) {
        List<Lun> luns = node.exports().luns(export);
        boolean serving = !luns.isEmpty() && luns.stream().allMatch(Lun::isServing);
        HostedVolume scratch =
                export.scratch() == null ? null : node.volumes().find(export.scratch());
        String asOf = "";
        for (Snapshot snapshot : SnapshotActions.of(volume)) {
            if (snapshot.identity().equals(export.luns().getFirst().snapshot())) {
                asOf = Instant.ofEpochMilli(snapshot.createdMillis()).toString();
            }
        }
        return new ExportView(
                volume.name(),
                export.name(),
                export.snapshot(),
                asOf,
                export.isClone() ? "clone" : "read-only",
                node.exports().targetName(export, volume.name()),
                serving ? "serving" : "not-ready",
                scratch == null ? "" : scratch.name(),
                luns.stream().map(lun -> lun.record().number()).toList());
    }

    /// Shows a snapshot, which the source takes first if that is wanted.
    void export(HostedVolume volume, ExportSnapshot request, CompletableFuture<ExportView> answer) {
        mirror(volume);
        String asked = request.snapshot();
        String snapshot = asked == null ? "export-" + TIME.format(Instant.now()) : asked;
        String name = nameOf(request, snapshot);
        checkNew(volume, name);
        HostedVolume scratch = scratch(request);
        Wanted wanted = new Wanted(volume, snapshot, name, scratch, answer);
        if (!request.take()) {
            wanted.group = null;
            wanted.lookFor();
            return;
        }
        UUID group = NodeDisks.newName();
        wanted.group = group;
        ShownSnapshots.of(volume.replica())
                .take(
                        group,
                        snapshot,
                        refusal -> {
                            if (refusal == null) {
                                wanted.lookFor();
                            } else {
                                answer.completeExceptionally(PairActions.refused(refusal));
                            }
                        });
    }

    private static MirrorVolume mirror(HostedVolume volume) {
        if (volume.open() instanceof MirrorVolume mirror) {
            return mirror;
        }
        throw new AdminException(
                Code.REFUSED,
                "this node's copy of " + volume.name() + " is not a mirror",
                "where it is active, `lockstep snapshot clone` makes a LUN of a snapshot");
    }

    private static String nameOf(ExportSnapshot request, String snapshot) {
        String asked = request.name();
        if (asked != null) {
            return asked;
        }
        String plain = snapshot.toLowerCase(Locale.ROOT).replaceAll("[^a-z0-9.-]", "-");
        String name = request.scratch() == null ? plain : plain + "-clone";
        return name.substring(0, Math.min(name.length(), 63));
    }

    private void checkNew(HostedVolume volume, String name) {
        if (!name.matches("[a-z0-9][a-z0-9.-]{0,62}")) {
            throw new AdminException(
                    Code.BAD_REQUEST,
                    "'" + name + "' is no name for an export: it becomes part of an iSCSI name",
                    "say --name, with lower-case letters, digits, '.' and '-'");
        }
        if (node.exports().find(volume, name) != null) {
            throw new AdminException(
                    Code.EXISTS,
                    "there is an export " + name + " of " + volume.name() + " already",
                    "say --name, or `lockstep mirror unexport` first");
        }
    }

    private @Nullable HostedVolume scratch(ExportSnapshot request) {
        String name = request.scratch();
        if (name == null) {
            return null;
        }
        HostedVolume scratch = node.volumes().find(name);
        if (scratch == null) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no volume " + name + " on this node",
                    "`lockstep volume list` shows those that are");
        }
        if (scratch.peer() != null) {
            throw new AdminException(
                    Code.REFUSED,
                    name + " is mirrored: what is tried out on a clone would be, too",
                    "use a volume that has no pair");
        }
        VolumeActions.active(scratch);
        return scratch;
    }

    /// An export that waits for its snapshot to be in the image here.
    private final class Wanted {
        private final HostedVolume volume;
        private final String snapshot;
        private final String name;
        private final @Nullable HostedVolume scratch;
        private final CompletableFuture<ExportView> answer;
        private final long until = node.core().clock().nanoTime() + PATIENCE_NANOS;
        private @Nullable UUID group;

        Wanted(
                HostedVolume volume,
                String snapshot,
                String name,
                @Nullable HostedVolume scratch,
                CompletableFuture<ExportView> answer) {
            this.volume = volume;
            this.snapshot = snapshot;
            this.name = name;
            this.scratch = scratch;
            this.answer = answer;
        }

        void lookFor() {
            try {
                List<Snapshot> found = found();
                boolean kept = !found.isEmpty() && found.stream().allMatch(Snapshot::isCommitted);
                if (kept) {
                    make(found);
                } else if (found.isEmpty() && group == null) {
                    throw new AdminException(
                            Code.NOT_FOUND,
                            "the mirror of " + volume.name() + " has no snapshot " + snapshot,
                            "`lockstep snapshot list` shows what it has; --take takes one");
                } else if (node.core().clock().nanoTime() > until) {
                    throw new AdminException(
                            Code.UNAVAILABLE,
                            "the mirror did not get the image with the snapshot in time",
                            "when `lockstep snapshot list` shows it kept, export it by its name");
                } else {
                    node.core().clock().schedule(LOOK_NANOS, this::lookFor);
                }
            } catch (AdminException refused) {
                answer.completeExceptionally(refused);
            }
        }

        private List<Snapshot> found() {
            mirror(volume);
            UUID taken = group;
            return SnapshotActions.of(volume).stream()
                    .filter(
                            s ->
                                    taken == null
                                            ? s.name().equals(snapshot)
                                            : s.group().equals(taken))
                    .toList();
        }

        private void make(List<Snapshot> snapshots) {
            checkNew(volume, name);
            List<Export.Shown> shown = new ArrayList<>();
            for (Snapshot one : snapshots) {
                UUID scratchLun = scratch == null ? null : NodeDisks.newName();
                shown.add(new Export.Shown(one.identity(), scratchLun));
            }
            Export export =
                    new Export(
                            volume.id(),
                            scratch == null ? null : scratch.id(),
                            name,
                            shown,
                            snapshot);
            // The scratch LUNs are known as such before there are any.
            node.exports()
                    .add(
                            volume,
                            export,
                            problem -> {
                                if (problem != null) {
                                    giveUp(export, problem);
                                } else if (scratch == null) {
                                    end(export);
                                } else {
                                    makeScratch(scratch, export, snapshots, 0);
                                }
                            });
        }

        private void makeScratch(
                HostedVolume under, Export export, List<Snapshot> snapshots, int next) {
            if (next == snapshots.size()) {
                node.exports().refresh(volume);
                end(export);
                return;
            }
            ActiveVolume active = under.replica().active();
            UUID identity = export.luns().get(next).scratchLun();
            if (active == null || identity == null) {
                giveUp(export, under.name() + " is not active any more");
                return;
            }
            BitSet used = new BitSet();
            active.luns().forEach(lun -> used.set(lun.record().number()));
            int number = used.nextClearBit(0);
            if (!LunRecord.isNumber(number)) {
                giveUp(export, under.name() + " has no LUN number left");
                return;
            }
            LunRecord base = snapshots.get(next).lun();
            LunRecord record =
                    new LunRecord(number, name + "-" + base.number(), identity, base.size());
            active.putLun(
                    record,
                    outcome -> {
                        if (outcome.isDone()) {
                            makeScratch(under, export, snapshots, next + 1);
                        } else {
                            giveUp(export, "no scratch LUN can be made: " + outcome);
                        }
                    });
        }

        private void giveUp(Export export, String why) {
            node.exports()
                    .remove(
                            export,
                            _ ->
                                    answer.completeExceptionally(
                                            new AdminException(
                                                    Code.UNAVAILABLE,
                                                    "the export was not made: " + why,
                                                    "see to that, then try again")));
        }

        private void end(Export export) {
            answer.complete(view(volume, export));
        }
    }

    void unexport(HostedVolume volume, String name, CompletableFuture<Done> answer) {
        Export export = node.exports().find(volume, name);
        if (export == null) {
            throw new AdminException(
                    Code.NOT_FOUND,
                    "there is no export " + name + " of " + volume.name(),
                    "`lockstep mirror exports` shows those that are");
        }
        node.exports()
                .remove(
                        export,
                        problem -> {
                            if (problem == null) {
                                answer.complete(new Done(name + " is shown no more"));
                            } else {
                                answer.completeExceptionally(
                                        new AdminException(
                                                Code.UNAVAILABLE,
                                                name + " cannot be ended: " + problem,
                                                "see to that, then try again"));
                            }
                        });
    }
}
