package lockstep.target;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class HalfSizeTest {
    private static final long MEBIBYTE = 1 << 20;
    private static final long GIBIBYTE = 1 << 30;

    private static long half(long memoryBytes, long logBytes, int volumes) {
        return new HalfSize(memoryBytes, logBytes, () -> volumes).getAsLong();
    }

    @Test
    void volumesShareTheMemory() {
        assertThat(half(4 * GIBIBYTE, 2 * GIBIBYTE, 0)).isEqualTo(512 * MEBIBYTE);
        assertThat(half(4 * GIBIBYTE, 2 * GIBIBYTE, 1)).isEqualTo(512 * MEBIBYTE);
        assertThat(half(4 * GIBIBYTE, 2 * GIBIBYTE, 4)).isEqualTo(128 * MEBIBYTE);
    }

    @Test
    void theLogHoldsTwo() {
        assertThat(half(4 * GIBIBYTE, 64 * MEBIBYTE, 1)).isEqualTo(32 * MEBIBYTE);
        assertThat(half(4 * GIBIBYTE, 4 * MEBIBYTE, 1000)).isEqualTo(2 * MEBIBYTE);
    }

    @Test
    void aTakeoverReplaysNoMoreThanSoMuch() {
        assertThat(half(100 * GIBIBYTE, 100 * GIBIBYTE, 1)).isEqualTo(GIBIBYTE);
    }

    @Test
    void aHalfIsNeverTooSmallToWorkWith() {
        assertThat(half(GIBIBYTE, 2 * GIBIBYTE, 1000)).isEqualTo(16 * MEBIBYTE);
    }

    /// The JVM says what it may take; without a limit of its own it is what the heap may.
    @Test
    void theJvmHasALimit() {
        assertThat(HalfSize.directMemoryBytes()).isGreaterThan(MEBIBYTE);
    }
}
