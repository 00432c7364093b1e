package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.replication.role.RoleState;
import lockstep.target.scsi.AccessState;

import org.junit.jupiter.api.Test;

/// What a pair's nodes say of themselves and of each other.
class NodePathsTest {
    /// State of one node, of the other, in sync at both, linked; what each is good for.
    private static final Object[][] TOGETHER = {
        {RoleState.IN_SYNC, RoleState.MIRRORING, true, true, AccessState.ACTIVE_OPTIMIZED},
        {RoleState.RESYNCING, RoleState.MIRRORING, false, true, AccessState.ACTIVE_OPTIMIZED},
        {RoleState.ALONE, RoleState.MIRRORING, false, true, AccessState.ACTIVE_OPTIMIZED},
    };

    @Test
    void bothNodesSayTheSame() {
        for (Object[] row : TOGETHER) {
            RoleState source = (RoleState) row[0];
            RoleState mirror = (RoleState) row[1];
            boolean inSync = (boolean) row[2];
            boolean linked = (boolean) row[3];
            AccessState of = NodePaths.own(source, inSync);
            assertThat(of).isEqualTo(row[4]);
            assertThat(NodePaths.partner(mirror, inSync, linked)).isEqualTo(of);
            AccessState way = inSync ? AccessState.STANDBY : AccessState.UNAVAILABLE;
            assertThat(NodePaths.own(mirror, inSync)).isEqualTo(way);
            assertThat(NodePaths.partner(source, inSync, linked)).isEqualTo(way);
        }
    }

    @Test
    void onlyACopyThatServesIsActive() {
        for (RoleState state : RoleState.values()) {
            boolean serves =
                    state == RoleState.STANDALONE
                            || state == RoleState.IN_SYNC
                            || state == RoleState.ALONE
                            || state == RoleState.RESYNCING;
            for (boolean inSync : new boolean[] {false, true}) {
                assertThat(NodePaths.own(state, inSync) == AccessState.ACTIVE_OPTIMIZED)
                        .as(state.name())
                        .isEqualTo(serves);
            }
            assertThat(NodePaths.partner(state, true, false))
                    .as(state.name())
                    .isNotEqualTo(AccessState.ACTIVE_OPTIMIZED);
        }
    }

    @Test
    void takeoverIsAnnouncedAsTransition() {
        assertThat(NodePaths.own(RoleState.TAKING_OVER, true)).isEqualTo(AccessState.TRANSITIONING);
        assertThat(NodePaths.own(RoleState.JOINING, true)).isEqualTo(AccessState.TRANSITIONING);
        assertThat(NodePaths.own(RoleState.HANDING_OVER, true))
                .isEqualTo(AccessState.TRANSITIONING);
    }
}
