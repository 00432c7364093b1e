package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.volume.CopyState;
import lockstep.blockstore.volume.CopyState.Role;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.Exposed;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.PairPolicy.Kind;
import lockstep.replication.role.ReplicaStatus;
import lockstep.replication.role.ResyncProgress;
import lockstep.replication.role.RoleState;
import lockstep.target.admin.model.PairStanding;

import org.junit.jupiter.api.Test;

import java.time.ZoneOffset;

/// The one sentence about a pair, and what it says of a takeover.
class PairStandingsTest {
    private static final Epoch EPOCH = new Epoch(3, 0x31);
    private static final PairPolicy AVAILABLE = new PairPolicy(Kind.AVAILABLE, 90, 1 << 20);

    /// Role, sync, state, linked, policy; what a takeover costs, and a part of the sentence.
    private static final Object[][] ROWS = {
        {
            Role.SOURCE,
            Sync.IN_SYNC,
            RoleState.IN_SYNC,
            true,
            PairPolicy.STRICT,
            "nothing",
            "lose nothing"
        },
        {
            Role.SOURCE,
            Sync.IN_SYNC,
            RoleState.SUSPENDED,
            false,
            AVAILABLE,
            "nothing",
            "lose nothing"
        },
        {
            Role.SOURCE,
            Sync.OUT_OF_SYNC,
            RoleState.ALONE,
            false,
            AVAILABLE,
            "loss",
            "7 writes, 8192 bytes"
        },
        {
            Role.MIRROR,
            Sync.IN_SYNC,
            RoleState.MIRRORING,
            true,
            AVAILABLE,
            "nothing",
            "lose nothing"
        },
        {
            Role.MIRROR,
            Sync.IN_SYNC,
            RoleState.WAITING,
            false,
            PairPolicy.STRICT,
            "nothing-unless-detached",
            "unless the source was detached"
        },
        {
            Role.MIRROR,
            Sync.IN_SYNC,
            RoleState.WAITING,
            false,
            AVAILABLE,
            "unknown",
            "may lose whatever"
        },
        {Role.MIRROR, Sync.OUT_OF_SYNC, RoleState.MIRRORING, true, AVAILABLE, "loss", "since cp 9"},
        {
            Role.MIRROR,
            Sync.NO_IMAGE,
            RoleState.MIRRORING,
            true,
            PairPolicy.STRICT,
            "impossible",
            "no complete image"
        },
        {
            Role.STANDALONE,
            Sync.UNPAIRED,
            RoleState.STANDALONE,
            false,
            PairPolicy.STRICT,
            "none",
            "no copy"
        },
        {
            Role.SOURCE,
            Sync.OUT_OF_SYNC,
            RoleState.DIVERGED,
            true,
            PairPolicy.STRICT,
            "none",
            "no copy"
        },
    };

    @Test
    void eachStateSaysWhatATakeoverCosts() {
        for (Object[] row : ROWS) {
            PairStanding standing = of(row);
            assertThat(standing.takeover()).as(standing.text()).isEqualTo(row[5]);
            assertThat(standing.text()).contains((String) row[6]);
        }
    }

    @Test
    void aMirrorThatWasFoundToDifferIsNotSaidToLoseNothing() {
        CopyState state = new CopyState(Role.SOURCE, Sync.IN_SYNC, EPOCH, 2, "b", 0).differing();
        PairStanding standing = of(ROWS[0], state);
        assertThat(standing.takeover()).as(standing.text()).isEqualTo("loss");
        assertThat(standing.text()).contains("out-of-sync").doesNotContain("in-sync");
    }

    @Test
    void theSentenceHidesNothing() {
        assertThat(of(ROWS[2]).text())
                .isEqualTo(
                        "not connected, alone since 1970-01-01 00:00:05, ahead of the mirror for 90"
                            + " s by 7 writes, 8192 bytes, epoch 3@31, policy available for 90 s or"
                            + " 1048576 bytes; a takeover now may lose up to 7 writes, 8192 bytes,"
                            + " and what a restart forgot");
    }

    private static PairStanding of(Object[] row) {
        return of(row, new CopyState((Role) row[0], (Sync) row[1], EPOCH, 2, "b", 0));
    }

    private static PairStanding of(Object[] row, CopyState durable) {
        boolean exposed = durable.role() == Role.SOURCE && durable.sync() == Sync.OUT_OF_SYNC;
        ReplicaStatus status =
                new ReplicaStatus(
                        (RoleState) row[2],
                        "",
                        (boolean) row[3],
                        durable,
                        EPOCH,
                        new CpId(EPOCH, 9),
                        Position.NONE,
                        ResyncProgress.NONE,
                        0,
                        exposed ? new Exposed(5000, 7, 8192) : Exposed.NOT,
                        exposed ? 5000 : 0,
                        CpId.NONE,
                        0);
        return PairStandings.of(
                status, (PairPolicy) row[4], NodeViews.sync(status), 95_000, ZoneOffset.UTC);
    }
}
