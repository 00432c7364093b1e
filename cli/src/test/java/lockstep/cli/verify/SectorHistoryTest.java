package lockstep.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/// Known histories of both kinds, and agreement with a search through all orders.
final class SectorHistoryTest {
    private static final long NEVER = Long.MAX_VALUE;

    /// A write's value is its invocation. `responded` is [#NEVER] for a write of unknown outcome.
    private record Op(boolean isRead, long value, long invoked, long responded) {}

    private final List<Op> ops = new ArrayList<>();

    private void write(long invoked, long responded) {
        ops.add(new Op(false, invoked, invoked, responded));
    }

    private void read(long value, long invoked, long responded) {
        ops.add(new Op(true, value, invoked, responded));
    }

    private static boolean judged(List<Op> ops) {
        SectorHistory history = new SectorHistory();
        ops.stream()
                .filter(op -> !op.isRead)
                .sorted(Comparator.comparingLong(Op::invoked))
                .forEach(op -> history.begin(op.value));
        for (Op op : ops) {
            if (op.isRead) {
                history.read(op.value, op.invoked, op.responded);
            } else if (op.responded != NEVER) {
                history.acknowledged(op.value, op.responded);
            }
        }
        return history.violation() == null;
    }

    /// Searches an order: `done` are the operations that stand in it already.
    private static boolean orderExists(List<Op> ops, int done, long value) {
        long firstResponse = NEVER;
        boolean left = false;
        for (int i = 0; i < ops.size(); i++) {
            if ((done & 1 << i) == 0) {
                firstResponse = Math.min(firstResponse, ops.get(i).responded);
                left |= ops.get(i).responded != NEVER;
            }
        }
        if (!left) {
            return true;
        }
        for (int i = 0; i < ops.size(); i++) {
            Op op = ops.get(i);
            boolean may = (done & 1 << i) == 0 && op.invoked < firstResponse;
            if (may && (!op.isRead || op.value == value)) {
                if (orderExists(ops, done | 1 << i, op.value)) {
                    return true;
                }
            }
        }
        return false;
    }

    private void accepted() {
        assertThat(orderExists(ops, 0, 0)).as("an order exists").isTrue();
        assertThat(judged(ops)).isTrue();
    }

    private void refused() {
        assertThat(orderExists(ops, 0, 0)).as("an order exists").isFalse();
        assertThat(judged(ops)).isFalse();
    }

    @Test
    void anUntouchedSectorReadsAsZeros() {
        read(0, 1, 2);
        read(0, 3, 4);
        accepted();
    }

    @Test
    void whatNobodyWroteIsRefused() {
        write(1, 2);
        read(7, 3, 4);
        refused();
    }

    @Test
    void anAcknowledgedWriteThatIsNotReadIsLost() {
        write(1, 2);
        read(0, 3, 4);
        refused();
    }

    @Test
    void ofTwoWritesAtTheSameTimeEitherMayStand() {
        write(1, 4);
        write(2, 3);
        read(1, 5, 6);
        accepted();
        ops.clear();
        write(1, 4);
        write(2, 3);
        read(2, 5, 6);
        accepted();
    }

    @Test
    void whatWasReadOnceDoesNotGoAway() {
        write(1, 20);
        write(2, 19);
        read(1, 3, 4);
        read(2, 5, 6);
        read(1, 7, 8);
        refused();
    }

    @Test
    void aWriteUnderWayThatWasReadStandsForLaterReads() {
        write(1, NEVER);
        read(1, 2, 3);
        read(0, 4, 5);
        refused();
    }

    @Test
    void readsAtTheSameTimeMaySeeOldAndNew() {
        write(1, 8);
        read(1, 2, 6);
        read(0, 3, 5);
        accepted();
    }

    @Test
    void anUnknownWriteMayTakeEffectNever() {
        write(1, NEVER);
        read(0, 2, 3);
        write(4, 5);
        read(4, 6, 7);
        accepted();
    }

    @Test
    void anUnknownWriteMayTakeEffectMuchLater() {
        write(1, NEVER);
        read(0, 2, 3);
        write(4, 5);
        read(4, 6, 7);
        read(1, 8, 9);
        accepted();
    }

    @Test
    void anUnknownWriteTakesEffectOnce() {
        write(1, NEVER);
        read(1, 2, 3);
        write(4, 5);
        read(4, 6, 7);
        read(1, 8, 9);
        refused();
    }

    @Test
    void anOldNodeThatAnswersReadsIsFound() {
        write(1, 2);
        write(3, 4);
        read(3, 5, 6);
        read(1, 7, 8);
        refused();
    }

    @Test
    void aMomentWithinAHoldIsFound() {
        write(1, 2);
        write(3, 4);
        read(1, 5, 6);
        refused();
    }

    @Test
    void aRefusedWriteThatIsReadIsFound() {
        SectorHistory history = new SectorHistory();
        history.begin(1);
        history.notDone(1);
        assertThat(history.violation()).isNull();
        assertThat(history.read(1, 2, 3)).isTrue();
        assertThat(history.violation()).contains("refused");
    }

    @Test
    void itAgreesWithASearchThroughAllOrders() {
        SplittableRandom random = new SplittableRandom(20261126);
        int linearizable = 0;
        int others = 0;
        for (int i = 0; i < 60_000; i++) {
            List<Op> history = randomHistory(random, 2 + random.nextInt(6));
            boolean expected = orderExists(history, 0, 0);
            assertThat(judged(history)).as("history %d: %s", i, history).isEqualTo(expected);
            linearizable += expected ? 1 : 0;
            others += expected ? 0 : 1;
        }
        assertThat(linearizable).isGreaterThan(10_000);
        assertThat(others).isGreaterThan(10_000);
    }

    private static List<Op> randomHistory(SplittableRandom random, int size) {
        long[] ticks = new long[2 * size];
        for (int i = 0; i < ticks.length; i++) {
            int other = random.nextInt(i + 1);
            ticks[i] = ticks[other];
            ticks[other] = i + 1L;
        }
        List<Op> made = new ArrayList<>();
        List<Long> values = new ArrayList<>(List.of(0L));
        int writes = 1 + random.nextInt(size);
        for (int i = 0; i < size; i++) {
            long invoked = Math.min(ticks[2 * i], ticks[2 * i + 1]);
            long responded = Math.max(ticks[2 * i], ticks[2 * i + 1]);
            if (i < writes) {
                made.add(
                        new Op(
                                false,
                                invoked,
                                invoked,
                                random.nextInt(4) == 0 ? NEVER : responded));
                values.add(invoked);
            } else {
                made.add(
                        new Op(
                                true,
                                values.get(random.nextInt(values.size())),
                                invoked,
                                responded));
            }
        }
        return made;
    }
}
