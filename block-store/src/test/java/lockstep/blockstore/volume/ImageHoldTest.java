package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Who holds a mirror's image for a moment, and who lets it go.
final class ImageHoldTest {
    private final ImageHold hold = new ImageHold();
    private int commits;

    private void commit() {
        commits++;
    }

    @Test
    void aCommitWaitsForTheHold() {
        Runnable letGo = hold.take();
        hold.commit(this::commit);
        assertThat(commits).isZero();
        letGo.run();
        assertThat(commits).isEqualTo(1);
        hold.commit(this::commit);
        assertThat(commits).isEqualTo(2);
    }

    @Test
    void whoseTimeIsOverLetsNobodyElsesHoldGo() {
        Runnable first = hold.take();
        first.run();
        Runnable second = hold.take();
        hold.commit(this::commit);
        first.run();
        assertThat(hold.isTaken()).isTrue();
        assertThat(commits).isZero();
        second.run();
        assertThat(commits).isEqualTo(1);
    }
}
