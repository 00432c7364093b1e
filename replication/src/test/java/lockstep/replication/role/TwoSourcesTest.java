package lockstep.replication.role;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Epoch;
import lockstep.replication.role.TwoSources.Side;
import lockstep.replication.role.TwoSources.Verdict;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.List;

class TwoSourcesTest {
    private static final long S = 1;
    private static final long M = 2;

    private static Side side(int opened, long by, int promised, long to, boolean alone) {
        return new Side(new Epoch(opened, by), new Epoch(promised, to), alone);
    }

    private static void judged(Side mine, Side theirs, Verdict here, Verdict there) {
        assertThat(TwoSources.judge(mine, theirs)).isEqualTo(here);
        assertThat(TwoSources.judge(theirs, mine)).isEqualTo(there);
    }

    @Test
    void theHigherEpochStays() {
        Side old = side(6, S, 6, S, false);
        judged(old, side(7, M, 7, M, true), Verdict.YIELD, Verdict.STAY);
    }

    @Test
    void aNoteThatNobodyHeardOfIsVoid() {
        Side serving = side(7, M, 7, M, true);
        judged(side(6, S, 7, S, false), serving, Verdict.YIELD, Verdict.STAY);
        judged(side(6, S, 9, S, false), serving, Verdict.YIELD, Verdict.STAY);
    }

    /// The new source restarted before it had opened its epoch.
    @Test
    void whoWasTakenOverToGoesOnBeforeItsEpochIsOpenToo() {
        Side taken = side(6, S, 7, M, true);
        judged(side(6, S, 7, S, false), taken, Verdict.YIELD, Verdict.STAY);
    }

    @Test
    void bothAloneIsForTheOperator() {
        assertThat(TwoSources.judge(side(7, S, 7, S, true), side(7, M, 7, M, true)))
                .isEqualTo(Verdict.DIVERGED);
        judged(side(7, S, 7, S, true), side(8, M, 8, M, true), Verdict.DIVERGED, Verdict.STAY);
        judged(side(6, S, 7, S, true), side(7, M, 7, M, true), Verdict.DIVERGED, Verdict.DIVERGED);
    }

    /// A node that was put back to an old state is not what the other yields to.
    @Test
    void whoIsOlderThanWhatTheOtherOpenedIsNotYieldedTo() {
        Side old = side(5, M, 5, M, true);
        assertThat(TwoSources.judge(side(6, S, 7, S, false), old)).isEqualTo(Verdict.STAY);
    }

    /// Whatever two sides there are: never do both give up, and never both go on unless one of them
    /// is only waiting and the other has more.
    @Test
    void neverDoBothGiveUp() {
        List<Side> all = new ArrayList<>();
        for (int opened = 5; opened <= 7; opened++) {
            for (int promised = opened; promised <= 8; promised++) {
                for (boolean alone : new boolean[] {false, true}) {
                    all.add(side(opened, S, promised, S, alone));
                    all.add(side(opened, S, promised, M, alone));
                    all.add(side(opened, M, promised, S, alone));
                    all.add(side(opened, M, promised, M, alone));
                }
            }
        }
        for (Side mine : all) {
            for (Side theirs : all) {
                Verdict here = TwoSources.judge(mine, theirs);
                Verdict there = TwoSources.judge(theirs, mine);
                assertThat(here == Verdict.YIELD && there == Verdict.YIELD)
                        .as("%s and %s", mine, theirs)
                        .isFalse();
                boolean same = mine.promised().equals(theirs.promised());
                assertThat(here == Verdict.STAY && there == Verdict.STAY && !same)
                        .as("%s and %s", mine, theirs)
                        .isFalse();
            }
        }
    }
}
