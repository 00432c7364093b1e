package lockstep.blockstore.block;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Objects;
import java.util.SplittableRandom;

final class BlockPatchTest {
    private final SplittableRandom random = new SplittableRandom(1);

    private ByteBuffer block() {
        ByteBuffer block = ByteBuffer.allocate(Blocks.SIZE);
        random.nextBytes(block.array());
        return block;
    }

    private static ByteBuffer copyOf(ByteBuffer block) {
        return ByteBuffer.allocate(Blocks.SIZE).put(0, block, 0, Blocks.SIZE);
    }

    @Test
    void aPatchMakesTheOtherVersion() {
        for (int changes = 0; changes < 60; changes++) {
            ByteBuffer before = block();
            ByteBuffer after = copyOf(before);
            for (int i = 0; i < changes; i++) {
                after.put(random.nextInt(Blocks.SIZE), (byte) random.nextInt());
            }
            ByteBuffer patch = Objects.requireNonNull(BlockPatch.between(before, after));
            assertThat(patch.remaining()).isLessThanOrEqualTo(12 * changes);
            assertThat(BlockPatch.apply(patch, before)).isTrue();
            assertThat(before).isEqualTo(after);
        }
    }

    @Test
    void aPatchOfMuchIsNone() {
        assertThat(BlockPatch.between(block(), block())).isNull();
    }

    @Test
    void aPatchHasItsBytes() {
        ByteBuffer before = ByteBuffer.allocate(Blocks.SIZE);
        ByteBuffer after = ByteBuffer.allocate(Blocks.SIZE).put(9, (byte) 7).put(4095, (byte) 8);
        ByteBuffer patch = Objects.requireNonNull(BlockPatch.between(before, after));
        byte[] bytes = new byte[patch.remaining()];
        patch.get(bytes);
        assertThat(HexFormat.of().formatHex(bytes))
                .isEqualTo("00080008" + "0007000000000000" + "0ff80008" + "0000000000000008");
    }

    @Test
    void aPatchThatMakesNoSenseIsRefused() {
        String[] hostile = {
            "00",
            "00000000",
            "0000",
            "0000ffff00",
            "0fff000200ff",
            "0008000100" + "0008000100",
            "ffff000100"
        };
        for (String hex : hostile) {
            ByteBuffer patch = ByteBuffer.wrap(HexFormat.of().parseHex(hex));
            assertThat(BlockPatch.apply(patch, block())).as(hex).isFalse();
        }
        assertThat(BlockPatch.apply(ByteBuffer.allocate(0), block())).isTrue();
    }
}
