package lockstep.blockstore.crash;

import lockstep.blockstore.crash.VolumeNode.Trouble;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.sim.SimTrace;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.NullUnmarked;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/// Restarts a volume from crash states of a recording and looks whether all that was promised is
/// there: at once, after one more consistency point, sometimes after a second crash while it was
/// recovering, and sometimes after a disk was lost later. Throws on the first state that is wrong,
/// with the line that makes it again.
@NullUnmarked
final class CrashCheck {
    private static final int SECOND_CRASH_EACH = 40;
    private static final int SECOND_STATES = 12;
    private static final int LOST_DISK_EACH = 16;

    // Stripes that recovery left wrong are mostly still wrong after one more consistency point.
    private static final int STRIPES_EACH = 4;

    private final Recording recording;
    private final long most;
    private final int each;
    private final List<Integer> only;
    private long checked;
    private long secondCrashes;
    private long lostDisks;
    private long grown;

    private CrashCheck(Recording recording, long most, int each, List<Integer> only) {
        this.recording = recording;
        this.most = most;
        this.each = each;
        this.only = only;
    }

    /// Checks every `each`-th state of `recording`, up to `most`.
    static CrashCheck of(Recording recording, long most, int each) {
        return new CrashCheck(recording, most, each, List.of());
    }

    /// Checks the one state that `only` names by its number and, if there was one, by that of the
    /// second crash.
    static CrashCheck one(Recording recording, List<Integer> only) {
        return new CrashCheck(recording, Long.MAX_VALUE, 1, only);
    }

    /// States checked, second crashes included.
    long checked() {
        return checked;
    }

    /// States of which a second crash left others.
    long secondCrashes() {
        return secondCrashes;
    }

    /// States in which the volume had grown.
    long grown() {
        return grown;
    }

    /// States in which a disk was lost after recovery.
    long lostDisks() {
        return lostDisks;
    }

    void run() {
        // What was acknowledged before the trace began has no mark in it.
        int before = recording.acknowledgedBefore;
        visit(
                recording.trace,
                "",
                new Promise(before, before),
                number ->
                        only.isEmpty()
                                ? number % each == 0 && checked < most
                                : only.getFirst() == number,
                number -> only.size() > 1 || (only.isEmpty() && number % SECOND_CRASH_EACH == 7));
    }

    private interface Choice {
        boolean of(int number);
    }

    private void visit(
            SimTrace trace, String prefix, Promise before, Choice wanted, Choice secondCrash) {
        CrashStates.visit(
                trace,
                recording.seed * 31 + prefix.hashCode(),
                new CrashStates.Visitor() {
                    @Override
                    public boolean wants(int number) {
                        return wanted.of(number);
                    }

                    @Override
                    public void state(
                            int number, List<Long2ObjectHashMap<byte[]>> images, List<Long> marks) {
                        String id = prefix + ":" + number;
                        boolean grown = marks.contains(Recording.GROWN);
                        List<Long> ops = new ArrayList<>(marks);
                        ops.removeIf(mark -> mark == Recording.GROWN);
                        Promise promise = Promise.of(before, ops);
                        boolean again = secondCrash.of(number);
                        SimTrace second = again ? new SimTrace() : null;
                        try {
                            VolumeNode node = check(images, promise, number, second);
                            checkSize(node, grown);
                        } catch (RuntimeException e) {
                            String kind = recording.holes ? "holes.replay=" : "replay=";
                            String line = "-Dcrash." + kind + recording.seed + id;
                            throw new AssertionError(line + " " + promise + ": " + e, e);
                        }
                        checked++;
                        if (second != null) {
                            crashAgain(second, id, promise);
                        }
                    }
                });
    }

    private void crashAgain(SimTrace second, String id, Promise promise) {
        secondCrashes++;
        int[] total = new int[1];
        CrashStates.visit(
                second,
                recording.seed * 31 + id.hashCode(),
                new CrashStates.Visitor() {
                    @Override
                    public boolean wants(int number) {
                        total[0]++;
                        return false;
                    }

                    @Override
                    public void state(
                            int number,
                            List<Long2ObjectHashMap<byte[]>> images,
                            List<Long> marks) {}
                });
        int step = Math.max(1, total[0] / SECOND_STATES);
        visit(
                second,
                id,
                promise,
                number ->
                        only.isEmpty()
                                ? number % step == id.length() % step
                                : only.get(1) == number,
                _ -> false);
    }

    // A crash in the middle of a growth leaves the old size or the new one.
    private void checkSize(VolumeNode node, boolean promised) {
        long old = 3L * recording.shape.dbns();
        long now = node.copy.root().vbnCount();
        boolean larger = recording.grows && now == old / 3 * 4;
        if (!larger && (promised || now != old)) {
            throw new Trouble("it has " + now + " blocks" + (promised ? ", and grew" : ""));
        }
        grown += larger ? 1 : 0;
    }

    private VolumeNode check(
            List<Long2ObjectHashMap<byte[]>> images,
            Promise promise,
            int number,
            @Nullable SimTrace second) {
        VolumeNode node = new VolumeNode(recording.seed * 1_000_003 + number, recording.shape);
        if (recording.missing >= 0) {
            node.disks.set(recording.missing, null);
        }
        if (recording.grows) {
            NodeGrowth.extra(node);
        }
        int at = 0;
        for (SimDevice device : node.devices()) {
            device.load(images.get(at));
            if (second != null) {
                device.traceTo(second, at);
            }
            at++;
        }
        node.mustOpen();
        Set<Long> live = node.checkImage("before activation");
        if (number % STRIPES_EACH == 0) {
            node.checkStripes("before activation", live);
        }
        node.activate();
        VolumeState seen = node.mustObserve();
        int found = match(seen, promise);
        if (second != null) {
            second.mark(-1L - found);
        }
        node.checkpoint();
        if (node.stopped != null) {
            throw new Trouble("stopped: " + node.stopped);
        }
        live = node.checkImage("after a consistency point");
        node.checkStripes("after a consistency point", live);
        if (recording.missing < 0 && number % LOST_DISK_EACH == 3) {
            loseADisk(node, number, found);
        }
        node.diary.membersLost.removeIf(which -> which.startsWith("absent"));
        if (!node.diary.losses.isEmpty() || !node.diary.membersLost.isEmpty()) {
            throw new Trouble(node.diary.losses + " " + node.diary.membersLost);
        }
        return node;
    }

    private int match(VolumeState seen, Promise promise) {
        int found = recording.twin.match(seen, promise.from(), promise.to());
        if (found < 0) {
            VolumeState due = recording.twin.state(promise.from());
            throw new Trouble("found and promised differ: " + seen.difference(due));
        }
        return found;
    }

    // One crash and, later, one lost disk must not add up to lost data.
    private void loseADisk(VolumeNode node, int number, int found) {
        lostDisks++;
        node.crash(true);
        int which = number / LOST_DISK_EACH % (node.disks.size() + node.extras.size());
        if (which < node.disks.size()) {
            node.disks.set(which, null);
        } else {
            node.extras.remove(which - node.disks.size());
        }
        node.mustOpen();
        node.checkImage("with a disk lost later");
        node.activate();
        match(node.mustObserve(), new Promise(found, found));
    }
}
