package lockstep.blockstore.crash;

import lockstep.blockstore.disk.DiskEvents;

import java.util.ArrayList;
import java.util.List;

/// What the owner of the disks was told.
final class DiskDiary implements DiskEvents {
    final List<String> membersLost = new ArrayList<>();
    final List<String> losses = new ArrayList<>();
    int bad;
    int healed;

    @Override
    public void memberLost(int group, int slot, String device, String reason) {
        membersLost.add(device + ": " + reason);
    }

    @Override
    public void groupLost(int group, String reason) {
        losses.add("group " + group + ": " + reason);
    }

    @Override
    public void badBlock(int group, int slot, long dbn, String reason) {
        bad++;
    }

    @Override
    public void healed(int group, int slot, long dbn) {
        healed++;
    }

    @Override
    public void lostBlock(int group, int slot, long dbn) {
        losses.add("group " + group + " slot " + slot + " dbn " + dbn);
    }
}
