package lockstep.target;

import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.disk.Disk;
import lockstep.blockstore.disk.DiskEvents;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.VolumeDisks;

import org.jspecify.annotations.Nullable;

/// Tells what happens to a volume's disks: members that leave become events, single blocks are
/// counted, and the first few of them told.
///
/// A disk that keeps giving back other blocks than were written is taken out of its group, as long
/// as the rest of the group has nothing of the kind: every stripe still reads right without it, and
/// nobody has to find out block by block.
final class DiskWatch implements DiskEvents {
    private static final int TOLD_BLOCKS = 20;
    private static final int BAD_BLOCKS_MOST = 64;

    private final String volume;
    private final NodeEvents events;
    private final Meter bad;
    private final Meter healed;
    private final Meter lost;
    private @Nullable VolumeDisks disks;

    DiskWatch(String volume, NodeEvents events, MetricRegistry metrics) {
        this.volume = volume;
        this.events = events;
        this.bad = metrics.meter("volume." + volume + ".bad-blocks");
        this.healed = metrics.meter("volume." + volume + ".healed-blocks");
        this.lost = metrics.meter("volume." + volume + ".lost-blocks");
    }

    /// The disks that it watches, once they are open.
    void watches(VolumeDisks opened) {
        disks = opened;
    }

    @Override
    public void memberLost(int group, int slot, String device, String reason) {
        String place = "group " + group + " slot " + slot;
        events.note(volume, "degraded: " + place + " (" + device + ") has left: " + reason);
    }

    @Override
    public void rebuildBegan(int group, int slot, String device) {
        events.note(volume, "group " + group + " slot " + slot + " is rebuilt onto " + device);
    }

    @Override
    public void rebuildEnded(int group, int slot, String device, long lostBlocks) {
        String place = "group " + group + " slot " + slot + " (" + device + ") is whole again";
        String lost = lostBlocks == 0 ? "" : ", but for " + lostBlocks + " blocks that are lost";
        events.note(volume, place + lost);
    }

    @Override
    public void spareFailed(int group, String device, String reason) {
        events.note(volume, "the spare " + device + " cannot be used: " + reason);
    }

    @Override
    public void spaceBelow(int group, int slot, String device, boolean out) {
        String place = "group " + group + " slot " + slot + " (" + device + ")";
        String full = ": no space is left below it, writes wait until there is; nothing has failed";
        events.note(volume, place + (out ? full : " has space again, writes go on"));
    }

    @Override
    public void groupLost(int group, String reason) {
        events.note(volume, "group " + group + " is lost: " + reason);
    }

    @Override
    public void badBlock(int group, int slot, long dbn, String reason) {
        bad.mark();
        if (bad.getCount() <= TOLD_BLOCKS) {
            events.note(volume, "bad block at " + place(group, slot, dbn) + ": " + reason);
        }
        VolumeDisks open = disks;
        if (open != null && isWorn(open.groups().get(group), slot)) {
            // Later, because who tells this is in the middle of a read.
            open.loop().execute(() -> takeOut(open, group, slot));
        }
    }

    private static boolean isWorn(GroupDisks group, int slot) {
        for (int other = 0; other < group.slots(); other++) {
            Disk disk = group.disk(other);
            if (other != slot && (disk == null || disk.checksumErrors() > 0)) {
                return false;
            }
        }
        Disk disk = group.disk(slot);
        boolean bad = disk != null && disk.live() && disk.checksumErrors() >= BAD_BLOCKS_MOST;
        return bad && group.canSpare(slot);
    }

    private static void takeOut(VolumeDisks open, int group, int slot) {
        GroupDisks members = open.groups().get(group);
        if (isWorn(members, slot)) {
            members.fail(slot, "it gave back " + BAD_BLOCKS_MOST + " blocks that are not right");
        }
    }

    @Override
    public void healed(int group, int slot, long dbn) {
        healed.mark();
    }

    @Override
    public void lostBlock(int group, int slot, long dbn) {
        lost.mark();
        if (lost.getCount() <= TOLD_BLOCKS) {
            events.note(volume, "block lost for good at " + place(group, slot, dbn));
        }
    }

    private static String place(int group, int slot, long dbn) {
        return "group " + group + " slot " + slot + " block " + dbn;
    }
}
