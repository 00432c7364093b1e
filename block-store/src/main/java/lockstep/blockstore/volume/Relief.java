package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;

import org.jspecify.annotations.Nullable;

import java.util.function.Consumer;

/// Space, and memory, that is to come without a host giving any back: of what was deleted, which is
/// drained a bounded part at a time, and of pins that are given up. Writes that find no room wait
/// for it.
final class Relief {
    /// While something is drained, consistency points follow each other so much faster.
    private static final int DRAINS_PER_INTERVAL = 16;

    /// What a pin kept becomes free with so many consistency points.
    private static final int FREED_AFTER = 2;

    private final VolumeCore core;
    private final Runnable request;
    private final Consumer<CpId> pinGivenUp;
    private long newestCommit;
    private long givenUpAt = -FREED_AFTER;
    private boolean drainTimed;

    /// `request` asks for a consistency point; `pinGivenUp` hears which image is not kept any more.
    Relief(VolumeCore core, Runnable request, Consumer<CpId> pinGivenUp) {
        this.core = core;
        this.request = request;
        this.pinGivenUp = pinGivenUp;
    }

    /// The last commit of which is known that space follows.
    long newestCommit() {
        return newestCommit;
    }

    /// Consistency point number `commits` is durable. What was deleted goes on dying soon, but
    /// leaves the disks to others in between.
    void committed(long commits) {
        if (!core.image.deaths().isDraining()) {
            return;
        }
        newestCommit = commits;
        if (!drainTimed) {
            drainTimed = true;
            long pause = core.copy.settings().cpIntervalNanos() / DRAINS_PER_INTERVAL;
            core.copy.loop().clock().schedule(pause, this::drainAgain);
        }
    }

    /// Lets the oldest pin go but `needed`, if pins only serve a mirror that is not attached. What
    /// it kept becomes free two consistency points later. Tells whether one went.
    ///
    /// With one that is, every consistency point pins its own image: such a pin keeps next to
    /// nothing, and giving one up after the other would put off for ever what has to be said.
    boolean giveUpPin(long commits, @Nullable CpId needed) {
        boolean spare = core.gate.legs() == Legs.LOCAL && core.mirror == null;
        CpId gone = spare ? core.cp.pins().giveUpOldest(needed) : null;
        if (gone != null) {
            newestCommit = commits;
            givenUpAt = commits;
            pinGivenUp.accept(gone);
        }
        return gone != null;
    }

    /// The same where it is memory that runs short: everything that died since a pin was made is
    /// listed there as long as it stands.
    void shortenDeadList(long commits, @Nullable CpId needed) {
        boolean tooLong = core.cp.dead().entries() > core.copy.settings().deadBlocks();
        if (tooLong && commits - givenUpAt >= FREED_AFTER) {
            giveUpPin(commits, needed);
        }
    }

    private void drainAgain() {
        drainTimed = false;
        request.run();
    }
}
