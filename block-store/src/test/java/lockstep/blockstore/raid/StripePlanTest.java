package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Five slots: data 0 to 3, parity 4.
final class StripePlanTest {
    private static final long ALL = 0b11111;

    @Test
    void wholeStripesReadNothing() {
        assertThat(StripePlan.choose(4, 0b01111, ALL, -1, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.FULL, 0));
    }

    @Test
    void stripesThatAreNotWrittenStayAsTheyAre() {
        for (int missing = -1; missing < 5; missing++) {
            assertThat(StripePlan.choose(4, 0, ALL, missing, missing == 2))
                    .isEqualTo(new StripePlan(StripePlan.Kind.UNTOUCHED, 0));
        }
    }

    @Test
    void emptyNeighboursReadNothing() {
        assertThat(StripePlan.choose(4, 0b00011, 0b10011, -1, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.FULL, 0));
    }

    @Test
    void mostOfAStripeIsReconstructed() {
        assertThat(StripePlan.choose(4, 0b00111, ALL, -1, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.RECONSTRUCT, 0b01000));
    }

    @Test
    void oneBlockOfAStripeIsReadModifyWrite() {
        assertThat(StripePlan.choose(4, 0b00001, ALL, -1, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.READ_MODIFY_WRITE, 0b10001));
    }

    @Test
    void untouchedBlockOfAMissingDiskIsRescued() {
        assertThat(StripePlan.choose(4, 0b00001, ALL, 2, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.RESCUE, 0b11011));
    }

    @Test
    void missingParityMakesDataOnly() {
        assertThat(StripePlan.choose(4, 0b00001, ALL, 4, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.DATA_ONLY, 0));
    }

    @Test
    void newContentOfAMissingDiskNeedsNoOldContentOfIt() {
        assertThat(StripePlan.choose(4, 0b00100, ALL, 2, false))
                .isEqualTo(new StripePlan(StripePlan.Kind.RECONSTRUCT, 0b01011));
    }

    @Test
    void parityIsMadeForADiskThatIsRebuilt() {
        assertThat(StripePlan.choose(4, 0b00001, ALL, 4, true))
                .isEqualTo(new StripePlan(StripePlan.Kind.RECONSTRUCT, 0b01110));
        assertThat(StripePlan.choose(4, 0b01111, ALL, 4, true))
                .isEqualTo(new StripePlan(StripePlan.Kind.FULL, 0));
        assertThat(StripePlan.choose(4, 0b00001, 0b01111, 4, true))
                .isEqualTo(new StripePlan(StripePlan.Kind.RECONSTRUCT, 0b01110));
    }
}
