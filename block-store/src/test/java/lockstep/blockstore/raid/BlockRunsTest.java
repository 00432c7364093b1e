package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.io.BlockDevice.Extent;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.List;

/// Which blocks become which runs.
final class BlockRunsTest {
    private static List<Extent> runs(String stripes) {
        return BlockRuns.of(
                100,
                stripes.length(),
                stripe -> stripes.charAt(stripe) == '.' ? null : block(stripe));
    }

    private static ByteBuffer block(int stripe) {
        return ByteBuffer.allocate(Blocks.SIZE).put(0, (byte) stripe);
    }

    @Test
    void neighboursAreOneRun() {
        List<Extent> runs = runs(".xx..x.xxx");
        assertThat(runs.stream().map(run -> run.offset() / Blocks.SIZE))
                .containsExactly(101L, 105L, 107L);
        assertThat(runs.stream().map(run -> run.buffers().size())).containsExactly(2, 1, 3);
        assertThat(runs.stream().flatMap(run -> run.buffers().stream()).map(b -> b.get(0)))
                .containsExactly((byte) 1, (byte) 2, (byte) 5, (byte) 7, (byte) 8, (byte) 9);
    }

    @Test
    void nothingIsNoRun() {
        assertThat(runs("....")).isEmpty();
        assertThat(runs("")).isEmpty();
    }
}
