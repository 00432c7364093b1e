package lockstep.target;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.volume.ActiveVolume;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.MirrorVolume;
import lockstep.blockstore.volume.SnapshotLun;
import lockstep.blockstore.volume.TestClone;
import lockstep.replication.role.ShownSnapshots;
import lockstep.target.access.AccessTable;
import lockstep.target.scsi.PortIdentity;
import lockstep.target.scsi.ScsiLimits;
import lockstep.target.scsi.ScsiTarget;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;

/// The snapshots that this node shows to hosts, beside the volumes that they are of, each export a
/// target of its own. They stay whatever its copy of the volume is used as: they are made at a
/// mirror, and a takeover or a switchover leaves them where they are. While the copy changes its
/// role their LUNs are not ready. They are there again after a restart.
///
/// An export ends when the copy here holds its snapshot no more; nothing else is shown instead. On
/// the core loop.
final class NodeExports {
    private static final class Offer {
        private final Export export;
        private @Nullable ScsiTarget target;

        /// Whose LUNs take the writes; null if there are no clones.
        private @Nullable ActiveVolume scratch;

        private @Nullable AccessTable access;
        private boolean ending;
        private boolean saving;

        Offer(Export export) {
            this.export = export;
        }
    }

    private final Node node;
    private final KeptLines file;
    private final Map<Export, Offer> offers = new LinkedHashMap<>();

    /// Those that `file` names.
    NodeExports(Node node, KeptLines file) throws IOException {
        this.node = node;
        this.file = file;
        for (String line : file.read()) {
            try {
                Export export = Export.parse(line);
                offers.put(export, new Offer(export));
            } catch (IllegalArgumentException _) {
                throw file.damaged();
            }
        }
    }

    List<Export> list() {
        return List.copyOf(offers.keySet());
    }

    List<Export> of(HostedVolume volume) {
        return offers.keySet().stream().filter(e -> e.volume().equals(volume.id())).toList();
    }

    @Nullable Export find(HostedVolume volume, String name) {
        for (Export export : of(volume)) {
            if (export.name().equals(name)) {
                return export;
            }
        }
        return null;
    }

    /// Whether LUN `lun` is none of its own, but takes the writes of a clone.
    boolean isScratch(UUID lun) {
        return offers.keySet().stream().anyMatch(export -> export.hasScratch(lun));
    }

    List<ScsiTarget> targets() {
        List<ScsiTarget> targets = new ArrayList<>();
        for (Offer offer : offers.values()) {
            ScsiTarget target = offer.target;
            if (target != null) {
                targets.add(target);
            }
        }
        return targets;
    }

    /// Whether `name` is that of a volume which is not shown at the moment, as it is not open yet,
    /// or of an export: its volume, or the one that takes its writes, is not.
    boolean isExpected(String name) {
        for (HostedVolume volume : node.volumes().all()) {
            if (node.targets().targetName(volume.name()).equals(name)) {
                return true;
            }
        }
        for (Offer offer : offers.values()) {
            HostedVolume base = node.volumes().find(offer.export.volume());
            boolean hidden = offer.target == null && !offer.ending;
            if (base != null && hidden && targetName(offer.export, base.name()).equals(name)) {
                return true;
            }
        }
        return false;
    }

    /// Who may use `target`: whoever may use its volume. Null if it is none of these.
    @Nullable AccessTable access(ScsiTarget target) {
        for (Offer offer : offers.values()) {
            if (target.equals(offer.target)) {
                return offer.access;
            }
        }
        return null;
    }

    /// The LUNs of `export`, if it is shown now.
    List<Lun> luns(Export export) {
        Offer offer = offers.get(export);
        ScsiTarget target = offer == null ? null : offer.target;
        return target == null ? List.of() : target.luns();
    }

    String targetName(Export export, String volume) {
        return node.targets().targetName(volume) + ":" + export.name();
    }

    /// Adds `export`, and shows it when that is durable; `done` gets why that failed, or null.
    void add(HostedVolume volume, Export export, Consumer<@Nullable String> done) {
        Offer offer = new Offer(export);
        offer.saving = true;
        offers.put(export, offer);
        save(
                problem -> {
                    offer.saving = false;
                    if (problem == null) {
                        refresh(volume);
                    }
                    done.accept(problem);
                });
    }

    /// Ends `export`, and with it the LUNs that took its writes; `done` gets why that could not be
    /// done, or null.
    void remove(Export export, Consumer<@Nullable String> done) {
        Offer offer = offers.get(export);
        if (offer == null || offer.ending) {
            done.accept("it is ending already");
            return;
        }
        hide(offer);
        offer.ending = true;
        dropScratch(
                export,
                new ArrayList<>(export.luns()),
                problem -> {
                    offer.ending = false;
                    if (problem != null) {
                        done.accept(problem);
                        return;
                    }
                    offers.remove(export);
                    HostedVolume volume = node.volumes().find(export.volume());
                    if (volume != null) {
                        tellSource(volume);
                    }
                    save(done);
                });
    }

    private void dropScratch(
            Export export, List<Export.Shown> left, Consumer<@Nullable String> done) {
        UUID lun = left.isEmpty() ? null : left.getFirst().scratchLun();
        if (lun == null) {
            done.accept(null);
            return;
        }
        if (isLost(export)) {
            String what = "what was written to clones stays in their scratch volume, which is lost";
            node.events().note(export.name(), what);
            done.accept(null);
            return;
        }
        ActiveVolume scratch = scratch(export);
        if (scratch == null) {
            done.accept("its scratch volume is not open");
            return;
        }
        List<Export.Shown> rest = left.subList(1, left.size());
        Lun under = lunOf(scratch, lun);
        if (under == null) {
            dropScratch(export, rest, done);
            return;
        }
        scratch.snapshots()
                .deleteLun(
                        under.record().number(),
                        /* withSnapshots= */ true,
                        outcome -> {
                            if (outcome.isDone()) {
                                dropScratch(export, rest, done);
                            } else {
                                done.accept("its scratch LUN cannot be deleted: " + outcome);
                            }
                        });
    }

    // A volume that was refused, or has stopped, would keep an export for ever, and with it a
    // snapshot on both nodes. All that can be opened are, before anything of them is used.
    private boolean isLost(Export export) {
        VolumeId id = export.scratch();
        HostedVolume under = id == null ? null : node.volumes().find(id);
        ActiveVolume open = under == null ? null : under.replica().active();
        return under == null || (open != null && open.service() == ActiveVolume.Service.STOPPED);
    }

    private static @Nullable Lun lunOf(ActiveVolume volume, @Nullable UUID identity) {
        for (Lun lun : volume.luns()) {
            if (lun.record().identity().equals(identity)) {
                return lun;
            }
        }
        return null;
    }

    private void save(Consumer<@Nullable String> done) {
        file.write(offers.keySet().stream().map(Export::line).toList(), done);
    }

    /// The copy of `volume` is deleted, and with it what is shown of it.
    void forget(HostedVolume volume) {
        for (Export export : of(volume)) {
            end(export, "this node's copy of its volume is deleted");
        }
    }

    /// Makes what is shown of `volume`, and what its LUNs are the scratch of, agree with what its
    /// copy here is.
    void refresh(HostedVolume volume) {
        for (Offer offer : List.copyOf(offers.values())) {
            Export export = offer.export;
            if (export.volume().equals(volume.id()) || volume.id().equals(export.scratch())) {
                HostedVolume base = node.volumes().find(export.volume());
                if (base != null && !offer.ending && !offer.saving) {
                    refresh(offer, base);
                }
            }
        }
        tellSource(volume);
    }

    private void tellSource(HostedVolume volume) {
        Set<UUID> shown = new LinkedHashSet<>();
        of(volume).forEach(export -> export.luns().forEach(lun -> shown.add(lun.snapshot())));
        ShownSnapshots.of(volume.replica()).show(shown);
    }

    private void refresh(Offer offer, HostedVolume base) {
        ActiveVolume scratch = scratch(offer.export);
        if (offer.target != null && offer.scratch != scratch) {
            hide(offer);
        }
        Map<UUID, Snapshot> known = new LinkedHashMap<>();
        SnapshotActions.of(base).forEach(snapshot -> known.put(snapshot.identity(), snapshot));
        boolean all = offer.export.luns().stream().allMatch(l -> known.containsKey(l.snapshot()));
        if (!all && knowsItsSnapshots(base)) {
            end(offer.export, "its snapshot " + offer.export.snapshot() + " is deleted");
        } else if (all && offer.target == null) {
            show(offer, base, known, scratch);
        }
        AccessTable now = node.targets().access(base.name());
        ScsiTarget target = offer.target;
        if (target != null && !now.equals(offer.access)) {
            offer.access = now;
            node.targets().sessions().accessChanged(target);
        }
    }

    private static boolean knowsItsSnapshots(HostedVolume volume) {
        return switch (volume.open()) {
            case MirrorVolume mirror -> mirror.knowsItsValues();
            case ActiveVolume _ -> true;
            case null, default -> false;
        };
    }

    private @Nullable ActiveVolume scratch(Export export) {
        VolumeId id = export.scratch();
        HostedVolume under = id == null ? null : node.volumes().find(id);
        return under == null ? null : under.replica().active();
    }

    private void show(
            Offer offer,
            HostedVolume base,
            Map<UUID, Snapshot> known,
            @Nullable ActiveVolume scratch) {
        Export export = offer.export;
        List<Lun> luns = new ArrayList<>();
        for (Export.Shown shown : export.luns()) {
            Snapshot snapshot = known.get(shown.snapshot());
            if (snapshot == null || !snapshot.isCommitted()) {
                return;
            }
            Lun kept = new SnapshotLun(base::open, node.core(), snapshot, node.identity().id());
            Lun lun = export.isClone() ? clone(kept, shown, scratch) : kept;
            if (lun == null) {
                return; // Its scratch volume is not open yet.
            }
            luns.add(lun);
        }
        int group = node.identity().portGroup();
        PortIdentity port = new PortIdentity(targetName(export, base.name()), group, group);
        ScsiTarget target = new ScsiTarget(port, node.core(), ScsiLimits.DEFAULT);
        luns.forEach(target::addLun);
        offer.target = target;
        offer.scratch = scratch;
        offer.access = node.targets().access(base.name());
    }

    private static @Nullable Lun clone(
            Lun kept, Export.Shown shown, @Nullable ActiveVolume scratch) {
        Lun under = scratch == null ? null : lunOf(scratch, shown.scratchLun());
        return under == null ? null : new TestClone(kept, under);
    }

    private void end(Export export, String why) {
        HostedVolume volume = node.volumes().find(export.volume());
        String about = volume == null ? export.volume().toString() : volume.name();
        node.events().note(about, "its export " + export.name() + " has ended: " + why);
        remove(
                export,
                problem -> {
                    if (problem != null) {
                        node.events().note(about, "not all of that export is gone: " + problem);
                    }
                });
    }

    private void hide(Offer offer) {
        ScsiTarget target = offer.target;
        offer.target = null;
        offer.scratch = null;
        if (target != null) {
            node.targets().sessions().dropAll(target);
        }
    }

    /// Those of `luns` that are shown as LUNs of their volume.
    List<Lun> ownOf(List<Lun> luns) {
        return offers.isEmpty()
                ? luns
                : luns.stream().filter(lun -> !isScratch(lun.record().identity())).toList();
    }
}
