package lockstep.target.iscsi.session;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/// Order and bounds of command numbers, around the wrap too.
class CommandWindowTest {
    private final CommandWindow<String> window = new CommandWindow<>(4, -2);

    private void put(int number, String command) {
        assertThat(window.accepts(number)).isTrue();
        window.put(number, command);
    }

    @Test
    void earlyCommandsWaitForTheHole() {
        put(-1, "second");
        put(1, "fourth");
        assertThat(window.next()).isNull();
        put(-2, "first");
        assertThat(window.next()).isEqualTo("first");
        assertThat(window.next()).isEqualTo("second");
        assertThat(window.next()).isNull();
        assertThat(window.expected()).isZero();
    }

    @Test
    void outsideAndDuplicatesAreNotAccepted() {
        assertThat(window.accepts(-3)).isFalse();
        assertThat(window.accepts(2)).isFalse();
        put(0, "third");
        assertThat(window.accepts(0)).isFalse();
    }

    @Test
    void windowShrinksByWhatIsUnderWayAndNeverGoesBack() {
        put(-2, "first");
        assertThat(window.next()).isEqualTo("first");
        assertThat(window.highest(1)).isEqualTo(1);
        assertThat(window.highest(0)).isEqualTo(2);
        assertThat(window.highest(4)).isEqualTo(2);
    }

    @Test
    void abandonedNumbersAreSteppedOver() {
        put(-1, "second");
        assertThat(window.abandon(-2)).isNull();
        assertThat(window.abandon(-1)).isEqualTo("second");
        put(0, "third");
        assertThat(window.next()).isEqualTo("third");
        assertThat(window.expected()).isEqualTo(1);
    }
}
