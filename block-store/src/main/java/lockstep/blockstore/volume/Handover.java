package lockstep.blockstore.volume;

import org.jspecify.annotations.Nullable;

/// How an active volume comes to rest, so that its mirror can go on from exactly here. Nothing new
/// is sequenced; what was sequenced becomes durable on both legs and is answered; a consistency
/// point takes in all of it, here and at the mirror. Then both hold one image, no log entry is
/// needed behind it on either side, and nobody waits for an answer.
public final class Handover {
    private final ActiveVolume volume;
    private final VolumeCore core;
    private final CpDriver driver;
    private @Nullable Runnable settled;

    Handover(ActiveVolume volume, VolumeCore core, CpDriver driver) {
        this.volume = volume;
        this.core = core;
        this.driver = driver;
    }

    /// Begins, on a volume that serves with its mirror. What waits for admission is refused as
    /// busy. `atRest` is called when the two copies are equal, in a turn of the loop in which the
    /// volume still could serve on; if the mirror is lost first, it is never called.
    public void begin(String why, Runnable atRest) {
        settled = atRest;
        volume.handingOver(why);
        check();
    }

    /// The volume stays here and serves on.
    public void cancel() {
        settled = null;
        volume.serveOn();
    }

    /// The mirror has committed an image: was it the last?
    void check() {
        Runnable atRest = settled;
        if (atRest == null || volume.service() != ActiveVolume.Service.HANDING_OVER) {
            return;
        }
        // One that is under way is waited for, also at the mirror: nothing is frozen between two.
        if (core.frozen != null || driver.inDoubt() != null) {
            return;
        }
        if (core.copy.root().upTo().sequence() == core.sequence) {
            settled = null;
            atRest.run();
        } else {
            driver.request(null);
        }
    }
}
