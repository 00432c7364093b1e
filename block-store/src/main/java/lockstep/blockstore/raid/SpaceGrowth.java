package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.disk.Joining;
import lockstep.blockstore.disk.VolumeDisks;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.util.List;

/// Makes a [VbnSpace] larger beside everything that goes on in it. The disks join in one turn of
/// the loop, in which no consistency point is being written and, where a group gets a slot more,
/// nobody holds a stripe or a checksum page of it: whoever counts slots does it between taking and
/// giving back one of these.
final class SpaceGrowth {
    private static final long PAUSE_NANOS = 2_000_000;

    private final VbnSpace space;
    private final VolumeDisks disks;
    private boolean growing;
    private @Nullable Runnable waiting;

    SpaceGrowth(VbnSpace space, VolumeDisks disks) {
        this.space = space;
        this.disks = disks;
    }

    void run(int group, List<Joining.NewDisk> devices, IoCompletion done) {
        Check.that(!growing, "a space grows by one thing at a time");
        growing = true;
        disks.join(
                group,
                devices,
                join -> find(group, join),
                fault -> {
                    growing = false;
                    done.ended(fault);
                });
    }

    boolean isGrowing() {
        return growing;
    }

    /// A consistency point has ended: this may be the moment.
    void writerEnded() {
        Runnable next = waiting;
        if (next != null) {
            waiting = null;
            next.run();
        }
    }

    private void find(int group, Runnable join) {
        if (group >= space.groups().size()) {
            attempt(group, () -> !space.isWriting(), join);
            return;
        }
        RaidGroup members = space.groups().get(group);
        long dbns = members.disks().layout().dbnCount();
        members.locks()
                .lock(
                        0,
                        dbns,
                        () -> {
                            attempt(
                                    group,
                                    () -> !space.isWriting() && members.checksums().isIdle(),
                                    join);
                            members.locks().unlock(0, dbns);
                        });
    }

    private void attempt(int group, Quiet quiet, Runnable join) {
        if (quiet.isNow()) {
            join.run();
            space.joined();
            return;
        }
        Runnable again = () -> find(group, join);
        waiting = again;
        disks.loop()
                .clock()
                .schedule(
                        PAUSE_NANOS,
                        () -> {
                            if (again.equals(waiting)) {
                                writerEnded();
                            }
                        });
    }

    private interface Quiet {
        boolean isNow();
    }
}
