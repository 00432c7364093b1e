package lockstep.blockstore.disk;

import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// Disks that carry a volume's label and no place: they wait to replace one that fails. Nothing but
/// the label counts on them.
public final class Spares {
    private final VolumeDisks volume;
    private final List<Disk> waiting;

    Spares(VolumeDisks volume, List<Disk> found) {
        this.volume = volume;
        this.waiting = new ArrayList<>(found);
    }

    /// Those that wait.
    public List<Disk> all() {
        return List.copyOf(waiting);
    }

    /// Makes `device` one of them.
    public void add(BlockDevice device, UUID uuid, IoCompletion done) {
        int none = DiskLabel.NO_PLACE;
        long dbns = DiskLayout.fitting(device.size()).dbnCount();
        Disk spare = volume.newDisk(device, uuid, none, none, dbns);
        spare.writeLabel(
                fault -> {
                    if (fault == null) {
                        waiting.add(spare);
                    }
                    done.ended(fault);
                });
    }

    /// Takes the smallest that is large enough for `group`; null if there is none.
    public @Nullable Disk take(GroupDisks group) {
        Disk best = null;
        for (Disk spare : waiting) {
            boolean better = best == null || spare.device().size() < best.device().size();
            best = group.fits(spare.device()) && better ? spare : best;
        }
        waiting.remove(best);
        return best;
    }
}
