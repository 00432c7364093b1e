package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class BrakeTest {
    private static final long WHOLE = 64 << 20;
    private static final long CP = 32 << 20;
    private static final long SECOND = 1_000_000_000;
    private final Brake brake = new Brake();

    private long delay(long left, long cpNanos) {
        return brake.delayNanos(64 << 10, left, WHOLE, CP, cpNanos);
    }

    @Test
    void nobodyWaitsWhileThereIsMuchRoom() {
        assertThat(delay(WHOLE, SECOND)).isZero();
        assertThat(delay(WHOLE - WHOLE / 4, SECOND)).isZero();
    }

    @Test
    void waitsGrowAsRoomRunsOut() {
        brake.learn(CP, SECOND);
        long last = 0;
        for (long left = WHOLE / 2; left > WHOLE / 64; left /= 2) {
            assertThat(delay(left, SECOND / 2)).isGreaterThan(last);
            last = delay(left, SECOND / 2);
        }
    }

    /// The room that is left lasts as long as the consistency point.
    @Test
    void roomIsSpreadOverTheTimeLeft() {
        brake.learn(CP, SECOND);
        long left = WHOLE / 2;
        long commands = left / (64 << 10);
        assertThat(delay(left, 0) * commands).isBetween(SECOND - commands, SECOND);
        assertThat(delay(left, SECOND / 2) * commands).isBetween(SECOND / 2 - commands, SECOND / 2);
    }

    @Test
    void oneCommandNeverWaitsLong() {
        brake.learn(CP, 100 * SECOND);
        assertThat(delay(1, 0)).isBetween(1L, SECOND / 40);
        assertThat(delay(0, 0)).isZero();
    }
}
