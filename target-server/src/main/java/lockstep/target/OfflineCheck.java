package lockstep.target;

import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.raid.NotedStripes;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.raid.SpaceScrub;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCheck;
import lockstep.target.admin.model.CheckView;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/// Checks one copy of a volume that nobody has open: labels and records, every stripe and checksum
/// page, and the image as a whole. Its devices take no writes (`DryDevice`), so what it repairs is
/// repaired in memory only, and told. On the loop of its own.
final class OfflineCheck implements DiskEvents {
    private static final int KEPT = 200;

    private final DiskInventory.FoundVolume found;
    private final EventLoop loop;
    private final Consumer<CheckView.VolumeResult> done;
    private final List<String> errors = new ArrayList<>();
    private final List<String> findings = new ArrayList<>();
    private final List<String> notes = new ArrayList<>();
    private String role = "";
    private String cp = "";
    private long repairable;
    private long lost;

    OfflineCheck(
            DiskInventory.FoundVolume found,
            EventLoop loop,
            Consumer<CheckView.VolumeResult> done) {
        this.found = found;
        this.loop = loop;
        this.done = done;
    }

    void run() {
        VolumeDisks.open(
                found,
                loop,
                this,
                opened -> {
                    switch (opened) {
                        case VolumeDisks.Opened.Ok(VolumeDisks disks) ->
                                disks.scrubRecords(this::record, () -> checkRecords(disks));
                        case VolumeDisks.Opened.Refused(String reason) -> {
                            errors.add(reason);
                            finish();
                        }
                    }
                });
    }

    private void record(int group, int slot, long block, String what) {
        found(new ScrubFinding(ScrubFinding.Kind.RECORD, group, slot, block, -1, -1, -1, what));
    }

    private void found(ScrubFinding finding) {
        if (finding.kind() == ScrubFinding.Kind.LOST) {
            lost++;
        } else {
            repairable++;
        }
        String kind = finding.kind().name().toLowerCase(Locale.ROOT).replace('_', ' ');
        keep(findings, kind + " at " + finding.place() + ": " + finding.detail());
    }

    private static void keep(List<String> texts, String text) {
        if (texts.size() < KEPT) {
            texts.add(text);
        } else if (texts.size() == KEPT) {
            texts.add("and more");
        }
    }

    private void checkRecords(VolumeDisks disks) {
        VolumeDisks.StoredRecord root = disks.readNewest(RecordArea.SUPERBLOCK);
        VolumeDisks.StoredRecord state = disks.readNewest(RecordArea.COPY_STATE);
        VolumeRoot image = root == null ? null : VolumeRoot.decode(root.payload());
        CopyState own = state == null ? null : CopyState.decode(state.payload());
        if (image == null || own == null) {
            errors.add("no member has a superblock and a copy state that can be read");
            finish();
            return;
        }
        role = own.role().name().toLowerCase(Locale.ROOT);
        cp = image.cp().toString();
        RaidSpace space = new RaidSpace(disks);
        space.raid()
                .notedStripes(
                        image.cp(),
                        noted -> {
                            if (noted.count() > 0) {
                                notes.add(
                                        noted.count()
                                                + " stripes were being written when the node"
                                                + " stopped: its start makes them right");
                            }
                            checkStripes(space, noted, image, own);
                        });
    }

    private void checkStripes(
            RaidSpace space, NotedStripes noted, VolumeRoot image, CopyState own) {
        SpaceScrub scrub = space.raid().scrub(noted, this::found);
        step(scrub, 0, 0, () -> checkImage(space, image, own));
    }

    private void step(SpaceScrub scrub, int group, long step, Runnable next) {
        if (group == scrub.groups()) {
            next.run();
        } else if (step == scrub.steps(group)) {
            step(scrub, group + 1, 0, next);
        } else {
            scrub.step(group, step, () -> loop.execute(() -> step(scrub, group, step + 1, next)));
        }
    }

    private void checkImage(RaidSpace space, VolumeRoot image, CopyState own) {
        if (own.sync() == CopyState.Sync.NO_IMAGE) {
            notes.add("this mirror has no complete image yet");
            finish();
            return;
        }
        VolumeCheck.runLean(
                image,
                space,
                loop,
                report -> {
                    report.errors().forEach(error -> keep(errors, error));
                    finish();
                });
    }

    private void finish() {
        boolean clean = errors.isEmpty() && repairable + lost == 0;
        done.accept(
                new CheckView.VolumeResult(
                        found.name(), role, cp, clean, repairable, lost, errors, findings, notes));
    }

    @Override
    public void memberLost(int group, int slot, String device, String reason) {
        String place = "group " + group + " slot " + slot;
        errors.add("degraded: " + place + " (" + device + "): " + reason);
    }

    @Override
    public void groupLost(int group, String reason) {
        errors.add("group " + group + " is lost: " + reason);
    }

    // What the steps find they tell themselves; these come from the walk of the image too.
    @Override
    public void badBlock(int group, int slot, long dbn, String reason) {}

    @Override
    public void healed(int group, int slot, long dbn) {}

    @Override
    public void lostBlock(int group, int slot, long dbn) {}
}
