package lockstep.target.iscsi.login;

import lockstep.blockstore.base.Check;

import java.time.Duration;

/// What this target offers and how long it waits. `segmentMax` is declared as
/// MaxRecvDataSegmentLength; the other lengths are upper bounds in negotiation. `largeTransferMax`
/// bounds the bytes that transfers longer than a first burst hold in one session at a time.
/// `connectionsMax` is for one portal; by default it holds all sessions and logins of [Caps].
public record IscsiSettings(
        String alias,
        int segmentMax,
        int burstMax,
        int firstBurst,
        int outstandingR2tMax,
        int commandWindow,
        int largeTransferMax,
        int connectionsMax,
        Duration loginTime,
        Duration idleBeforePing,
        Duration pingTime,
        Duration stalledDataTime) {
    /// The defaults.
    public static final IscsiSettings DEFAULT =
            new IscsiSettings(
                    "",
                    262_144,
                    16_776_192,
                    262_144,
                    4,
                    128,
                    32 << 20,
                    1536,
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(15),
                    Duration.ofSeconds(60));

    public IscsiSettings {
        Check.that(segmentMax >= 8192 && segmentMax <= 0xFF_FFFF, "a segment is 8 KiB..16 MiB");
        Check.that(firstBurst <= burstMax, "a first burst is a burst");
        Check.that(commandWindow > 0 && commandWindow <= 1024, "the window is bounded");
    }
}
