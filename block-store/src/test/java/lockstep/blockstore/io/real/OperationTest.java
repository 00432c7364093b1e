package lockstep.blockstore.io.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.IOException;

final class OperationTest {
    private final Operation operation = new Operation();

    @Test
    void whatWasGivenUpTouchesNothingAndTellsNothing() {
        assertThat(operation.abandon()).isTrue();
        assertThatThrownBy(operation::touch).isInstanceOf(IOException.class);
        assertThat(operation.end()).isFalse();
    }

    @Test
    void whatTouchesIsNotGivenUpBeforeItIsDone() throws Exception {
        operation.touch();
        assertThat(operation.abandon()).isFalse();
        operation.release();
        assertThat(operation.abandon()).isTrue();
    }

    @Test
    void whatHasEndedIsToldAndNotGivenUp() throws Exception {
        operation.touch();
        operation.release();
        assertThat(operation.end()).isTrue();
        assertThat(operation.abandon()).isFalse();
    }

    @Test
    void whatFailsWhileItTouchesEndsToo() throws Exception {
        operation.touch();
        assertThat(operation.end()).isTrue();
    }
}
