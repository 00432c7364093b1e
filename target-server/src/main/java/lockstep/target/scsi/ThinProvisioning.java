package lockstep.target.scsi;

import lockstep.blockstore.volume.LunSpace;

/// The thin provisioning threshold of a logical unit (SBC-3 4.7.3): when the volume behind it has
/// used so much of its space, every nexus is told once. It can be told again after the use fell
/// clearly below. The hard end, no space at all, is the volume's to say.
final class ThinProvisioning {
    /// log2 of the sectors in a threshold set, the unit of what is reported: 1 MiB.
    static final int EXPONENT = 11;

    private static final int SET_SHIFT = EXPONENT + 9;
    private static final int SOFT_PERCENT = 80;
    private static final int AGAIN_BELOW_PERCENT = 78;

    private boolean told;

    /// Looks at the space as it is now.
    void look(LunSpace space, UnitAttentions attentions) {
        if (!told && isAbove(space, SOFT_PERCENT)) {
            told = true;
            attentions.establishForOthers(Sense.THIN_PROVISIONING_SOFT_THRESHOLD_REACHED, null);
        } else if (told && !isAbove(space, AGAIN_BELOW_PERCENT)) {
            told = false;
        }
    }

    private static boolean isAbove(LunSpace space, int percent) {
        return space.total() > 0 && space.used() >= space.total() / 100 * percent;
    }

    /// Threshold sets that are free.
    static long setsFree(LunSpace space) {
        return space.free() >>> SET_SHIFT;
    }

    /// Threshold sets that are used.
    static long setsUsed(LunSpace space) {
        return (space.total() >>> SET_SHIFT) - setsFree(space);
    }

    /// The soft threshold in threshold sets used.
    static long softThreshold(LunSpace space) {
        return (space.total() / 100 * SOFT_PERCENT) >>> SET_SHIFT;
    }
}
