package lockstep.cli.verify;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class HistoryTest {
    private final History history = new History(8);

    private boolean read(int first, long... values) {
        Recorder.Reading reading = history.reading(values.length);
        reading.begins(first, values.length);
        reading.ends();
        boolean right = true;
        for (int i = 0; i < values.length; i++) {
            right &= reading.returned(first + i, values[i]);
        }
        return right;
    }

    @Test
    void whatIsWrittenAndReadFits() {
        long one = history.begin(0, 2);
        history.acknowledged(one, 0, 2);
        long lost = history.begin(1, 2);
        history.unknown(lost, 1, 2);
        assertThat(read(0, one, lost, 0)).isTrue();
        assertThat(history.counts()).isEqualTo(new History.Counts(1, 1, 1));
        assertThat(history.violations()).isEmpty();
    }

    @Test
    void eachSectorIsJudgedByItself() {
        long one = history.begin(3, 2);
        history.acknowledged(one, 3, 2);
        assertThat(read(3, one, 0)).isTrue();
        assertThat(history.violations()).singleElement().asString().startsWith("sector 4: ");
    }

    @Test
    void whatStandsElsewhereOrIsNoStampIsToldAtOnce() {
        long one = history.begin(3, 1);
        history.acknowledged(one, 3, 1);
        assertThat(read(5, one)).isFalse();
        assertThat(read(6, Stamp.CORRUPT)).isFalse();
        assertThat(history.violations()).hasSize(2);
    }
}
