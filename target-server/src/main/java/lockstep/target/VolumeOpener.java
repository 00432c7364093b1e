package lockstep.target;

import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.disk.DiskInventory;
import lockstep.blockstore.disk.DiskPatience;
import lockstep.blockstore.disk.RecordArea;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.log.NvLog;
import lockstep.blockstore.raid.RebuildPace;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.VolumeCopy;
import lockstep.blockstore.volume.VolumeSettings;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// From found disks to a copy of a volume: the newest superblock and copy state, written again
/// everywhere before anything relies on them, so that a member that missed the last write of a
/// crashed node does not matter later.
final class VolumeOpener {
    /// Takes the copy, or why there is none.
    interface Handler {
        void opened(VolumeDisks disks, RaidSpace space, VolumeCopy copy);

        void refused(String reason);
    }

    private final EventLoop loop;
    private final NvLog log;
    private final VolumeSettings settings;
    private final NodeEvents events;
    private final MetricRegistry metrics;
    private final RebuildPace pace;
    private final DiskPatience patience;
    private final NodeFaults faults;

    VolumeOpener(
            EventLoop loop,
            NvLog log,
            VolumeSettings settings,
            RebuildPace pace,
            DiskPatience patience,
            NodeEvents events,
            MetricRegistry metrics,
            NodeFaults faults) {
        this.faults = faults;
        this.pace = pace;
        this.patience = patience;
        this.loop = loop;
        this.log = log;
        this.settings = settings;
        this.events = events;
        this.metrics = metrics;
    }

    /// How long disks may take.
    DiskPatience patience() {
        return patience;
    }

    /// The log that copies opened here use.
    NvLog log() {
        return log;
    }

    /// Opens the copy whose disks are `found`.
    void open(DiskInventory.FoundVolume found, Handler handler) {
        disks(found, disks -> read(disks, handler), handler::refused);
    }

    /// Writes the first superblock and copy state on disks that were just formatted.
    void begin(
            DiskInventory.FoundVolume found,
            NodeVolumes.Beginning beginning,
            Runnable done,
            Consumer<String> failed) {
        disks(
                found,
                disks -> {
                    RaidSpace space = new RaidSpace(disks);
                    long blocks = beginning.blocks() == 0 ? space.size() : beginning.blocks();
                    if (blocks > space.size()) {
                        String sizes = space.size() + " blocks, and " + blocks + " are needed";
                        failed.accept("the disks have room for " + sizes);
                        return;
                    }
                    ByteBuffer root = VolumeCopy.blankRoot(found.id(), blocks).encode();
                    ByteBuffer state = beginning.state().encode();
                    writeBoth(space, new Records(1, root, 1, state), done, failed);
                },
                failed);
    }

    private void disks(
            DiskInventory.FoundVolume found, Consumer<VolumeDisks> next, Consumer<String> failed) {
        DiskWatch watch = new DiskWatch(found.name(), events, metrics);
        VolumeDisks.open(
                found,
                loop,
                patience,
                watch,
                opened -> {
                    switch (opened) {
                        case VolumeDisks.Opened.Ok(VolumeDisks disks) -> {
                            watch.watches(disks);
                            next.accept(disks);
                        }
                        case VolumeDisks.Opened.Refused(String reason) -> failed.accept(reason);
                    }
                });
    }

    private void read(VolumeDisks disks, Handler handler) {
        VolumeDisks.StoredRecord root = disks.readNewest(RecordArea.SUPERBLOCK);
        VolumeDisks.StoredRecord state = disks.readNewest(RecordArea.COPY_STATE);
        if (root == null || state == null) {
            handler.refused("making it was cut off: it has labels and no superblock");
            return;
        }
        VolumeRoot image = VolumeRoot.decode(root.payload());
        CopyState own = CopyState.decode(state.payload());
        if (image == null || own == null) {
            handler.refused("its superblock or copy state is of a version that is not known here");
            return;
        }
        RaidSpace space = new RaidSpace(disks, pace);
        var parts =
                new VolumeCopy.Parts(
                        disks.id(),
                        disks.name(),
                        faults.space(space),
                        log.stream(disks.id()),
                        loop,
                        settings);
        Records again =
                new Records(root.order() + 1, root.payload(), state.order() + 1, state.payload());
        VolumeCopy copy = new VolumeCopy(parts, image, again.rootOrder, own, again.stateOrder);
        writeBoth(space, again, () -> handler.opened(disks, space, copy), handler::refused);
    }

    private record Records(long rootOrder, ByteBuffer root, long stateOrder, ByteBuffer state) {}

    private static void writeBoth(
            RaidSpace space, Records records, Runnable done, Consumer<String> failed) {
        IoCompletion second =
                fault -> {
                    if (fault == null) {
                        done.run();
                    } else {
                        failed.accept(fault.toString());
                    }
                };
        space.commitRoot(
                records.rootOrder,
                records.root,
                fault -> {
                    if (fault == null) {
                        space.writeCopyState(records.stateOrder, records.state, second);
                    } else {
                        failed.accept(fault.toString());
                    }
                });
    }
}
