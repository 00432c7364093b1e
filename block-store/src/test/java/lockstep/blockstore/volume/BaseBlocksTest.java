package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.BlockPool;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

class BaseBlocksTest {
    private final BlockPool pool = new BlockPool();
    private final BaseBlocks blocks = new BaseBlocks(pool, 3);

    private ByteBuffer keep(long vbn, int crc) {
        ByteBuffer block = pool.take();
        blocks.keep(vbn, crc, block);
        return block;
    }

    @Test
    void aBlockIsGivenOnce() {
        ByteBuffer block = keep(7, 1);
        assertThat(blocks.take(7, 1)).isSameAs(block);
        assertThat(blocks.take(7, 1)).isNull();
        assertThat(pool.taken()).isOne();
    }

    @Test
    void aBlockWhoseVbnWasUsedAgainIsNotGiven() {
        keep(7, 1);
        ByteBuffer newer = keep(7, 2);
        assertThat(pool.taken()).isOne();
        assertThat(blocks.take(7, 2)).isSameAs(newer);
        pool.give(newer);
        keep(8, 1);
        assertThat(blocks.take(8, 2)).isNull();
        assertThat(pool.taken()).isZero();
    }

    @Test
    void theOldestGoes() {
        for (long vbn = 1; vbn <= 3; vbn++) {
            keep(vbn, 1);
        }
        keep(1, 2);
        keep(4, 1);
        assertThat(pool.taken()).isEqualTo(3);
        assertThat(blocks.take(2, 1)).isNull();
        assertThat(blocks.take(1, 2)).isNotNull();
        assertThat(blocks.take(3, 1)).isNotNull();
        assertThat(blocks.take(4, 1)).isNotNull();
    }
}
