package lockstep.replication.source;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class ResyncPaceTest {
    private static final long SECOND = 1_000_000_000L;

    private final ResyncPace pace = new ResyncPace();

    @Test
    void withoutALimitNothingWaits() {
        assertThat(pace.delayNanos(1L << 40, SECOND)).isZero();
    }

    /// Sends slices as fast as it is let, and counts what a time took.
    private long sentIn(long seconds, long from) {
        long now = from;
        long bytes = 0;
        while (now < from + seconds * SECOND) {
            now += 1000 + pace.delayNanos(262_144, now);
            bytes += 262_144;
        }
        return bytes;
    }

    @Test
    void theRateIsKeptOverTime() {
        pace.bytesPerSecond(10 << 20);
        assertThat(sentIn(20, SECOND)).isBetween(198L << 20, 203L << 20);
    }

    @Test
    void whatWasNotSentIsNotMadeUpFor() {
        pace.bytesPerSecond(1 << 20);
        pace.delayNanos(1, SECOND);
        assertThat(sentIn(2, 1000 * SECOND)).isLessThan(5L << 19);
    }

    @Test
    void itMayChangeAtAnyTime() {
        pace.bytesPerSecond(1 << 20);
        assertThat(pace.delayNanos(100 << 20, SECOND)).isEqualTo(100 * SECOND);
        pace.bytesPerSecond(100 << 20);
        assertThat(pace.delayNanos(1 << 20, SECOND)).isEqualTo(SECOND / 100);
        pace.bytesPerSecond(0);
        assertThat(pace.delayNanos(1 << 30, SECOND)).isZero();
    }
}
