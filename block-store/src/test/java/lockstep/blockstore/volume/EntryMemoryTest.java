package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.SplittableRandom;

class EntryMemoryTest {
    private static final int MEBIBYTE = 1 << 20;

    private final EntryMemory memory = new EntryMemory();
    private final SplittableRandom random = new SplittableRandom(1);
    private final ArrayDeque<Held> held = new ArrayDeque<>();

    private record Held(ByteBuffer expected, ByteBuffer copy, EntryMemory.Slab slab) {
        void check() {
            assertThat(copy).isEqualTo(expected);
        }
    }

    private void keep(int length) {
        byte[] content = new byte[length];
        random.nextBytes(content);
        ByteBuffer borrowed = ByteBuffer.wrap(content.clone());
        EntryMemory.Slab slab = memory.slabFor(length);
        ByteBuffer copy = slab.view(slab.add(borrowed), length);
        held.add(new Held(ByteBuffer.wrap(content), copy, slab));
        assertThat(borrowed.remaining()).isEqualTo(length);
        borrowed.put(new byte[length]);
    }

    private void giveOldest() {
        Held oldest = held.remove();
        oldest.check();
        oldest.slab.giveBack();
    }

    @Test
    void whatIsHeldStaysWhatItIsWhateverIsGivenBack() {
        for (int i = 0; i < 4_000; i++) {
            int length =
                    random.nextInt(8) == 0 ? random.nextInt(3 << 18) : 512 * random.nextInt(17);
            keep(random.nextInt(500) == 0 ? 5 * MEBIBYTE : length);
            while (held.size() > 100 || (random.nextInt(40) == 0 && !held.isEmpty())) {
                giveOldest();
            }
        }
        held.forEach(Held::check);
    }

    @Test
    void memoryIsUsedAgain() {
        for (int round = 0; round < 20; round++) {
            for (int i = 0; i < 2_000; i++) {
                keep(4096);
            }
            while (!held.isEmpty()) {
                giveOldest();
            }
        }
        assertThat(memory.madeBytes()).isBetween(8L * MEBIBYTE, 16L * MEBIBYTE);
    }

    @Test
    void aLittleTakesLittle() {
        for (int i = 0; i < 1_000; i++) {
            keep(4096);
            giveOldest();
        }
        assertThat(memory.madeBytes()).isEqualTo(64 << 10);
    }
}
