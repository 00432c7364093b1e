package lockstep.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class OwnershipTest {
    private final Ownership ownership = new Ownership("a");

    @Test
    void oneOwnerAfterTheOtherIsRight() {
        ownership.acknowledged("a", 1, 2);
        ownership.asked("b", 10);
        ownership.acknowledged("a", 9, 12);
        ownership.acknowledged("a", 11, 13);
        ownership.acknowledged("b", 14, 16);
        ownership.acknowledged("b", 17, 18);
        ownership.asked("a", 20);
        ownership.acknowledged("a", 21, 22);
        assertThat(ownership.violations()).isEmpty();
        assertThat(ownership.acknowledgements()).isEqualTo(6);
    }

    @Test
    void anAnswerThatWasLongUnderWayIsRight() {
        ownership.asked("b", 10);
        ownership.acknowledged("b", 11, 12);
        ownership.acknowledged("a", 9, 50);
        assertThat(ownership.violations()).isEmpty();
    }

    @Test
    void whoWasNeverAskedIsFound() {
        ownership.acknowledged("b", 1, 2);
        assertThat(ownership.violations()).hasSize(1);
    }

    @Test
    void anOldOwnerThatGoesOnIsFound() {
        ownership.asked("b", 10);
        ownership.acknowledged("b", 11, 14);
        ownership.acknowledged("a", 13, 15);
        assertThat(ownership.violations()).isEmpty();
        ownership.acknowledged("a", 15, 16);
        assertThat(ownership.violations()).hasSize(1);
    }

    @Test
    void aMoveThatFailedIsNone() {
        ownership.asked("b", 10);
        ownership.acknowledged("a", 11, 12);
        ownership.asked("b", 20);
        ownership.acknowledged("b", 21, 22);
        ownership.acknowledged("a", 23, 24);
        assertThat(ownership.violations()).hasSize(1);
    }

    @Test
    void whoGotItBackMayAnswerAgainAndTheOtherMayNot() {
        ownership.asked("b", 10);
        ownership.acknowledged("b", 11, 12);
        ownership.asked("a", 20);
        ownership.acknowledged("b", 19, 21);
        ownership.acknowledged("a", 22, 23);
        assertThat(ownership.violations()).isEmpty();
        ownership.acknowledged("b", 24, 25);
        assertThat(ownership.violations()).hasSize(1);
    }
}
