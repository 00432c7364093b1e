package lockstep.blockstore.io.real;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

import java.io.IOException;

class FlushTurnsTest {
    private int runs;

    private void works() {
        runs++;
    }

    private static void fails() throws IOException {
        throw new IOException("bad sector");
    }

    @Test
    void throughThePageCacheNothingIsDurableAfterAFailedFlush() throws IOException {
        FlushTurns turns = new FlushTurns(false);
        turns.run(this::works);
        assertThatThrownBy(() -> turns.run(FlushTurnsTest::fails)).hasMessage("bad sector");
        assertThatThrownBy(() -> turns.run(this::works)).hasMessageContaining("before it");
        assertThat(runs).isEqualTo(1);
    }

    @Test
    void pastThePageCacheEachHearsOfItself() throws IOException {
        FlushTurns turns = new FlushTurns(true);
        assertThatThrownBy(() -> turns.run(FlushTurnsTest::fails)).hasMessage("bad sector");
        turns.run(this::works);
        assertThat(runs).isEqualTo(1);
    }
}
