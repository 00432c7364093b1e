package lockstep.target;

import com.codahale.metrics.Meter;
import com.codahale.metrics.MetricRegistry;

import lockstep.blockstore.disk.DiskEvents;

/// Tells what happens to a volume's disks: members that leave become events, single blocks are
/// counted, and the first few of them told.
final class DiskWatch implements DiskEvents {
    private static final int TOLD_BLOCKS = 20;

    private final String volume;
    private final NodeEvents events;
    private final Meter bad;
    private final Meter healed;
    private final Meter lost;

    DiskWatch(String volume, NodeEvents events, MetricRegistry metrics) {
        this.volume = volume;
        this.events = events;
        this.bad = metrics.meter("volume." + volume + ".bad-blocks");
        this.healed = metrics.meter("volume." + volume + ".healed-blocks");
        this.lost = metrics.meter("volume." + volume + ".lost-blocks");
    }

    @Override
    public void memberLost(int group, int slot, String device, String reason) {
        String place = "group " + group + " slot " + slot;
        events.note(volume, "degraded: " + place + " (" + device + ") has left: " + reason);
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
