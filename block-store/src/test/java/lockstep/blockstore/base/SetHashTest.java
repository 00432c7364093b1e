package lockstep.blockstore.base;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.SplittableRandom;

/// The hash of a set, as copies of a volume compare it.
class SetHashTest {
    private record Block(long vbn, int crc) {}

    private static List<Block> blocks(int count) {
        SplittableRandom random = new SplittableRandom(7);
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            blocks.add(new Block(1 + i, random.nextInt()));
        }
        return blocks;
    }

    private static SetHash.Value of(List<Block> blocks) {
        SetHash hash = new SetHash();
        blocks.forEach(block -> hash.add(block.vbn, block.crc));
        return hash.value();
    }

    @Test
    void orderDoesNotMatterAndPartsAddUp() {
        List<Block> blocks = blocks(1000);
        SetHash.Value all = of(blocks);
        Collections.shuffle(blocks, new Random(3));
        assertThat(of(blocks)).isEqualTo(all);
        SetHash sum = new SetHash();
        sum.add(of(blocks.subList(0, 300)));
        sum.add(of(blocks.subList(300, 1000)));
        assertThat(sum.value()).isEqualTo(all);
    }

    @Test
    void whatGoesLeavesNoTrace() {
        List<Block> blocks = blocks(500);
        SetHash hash = new SetHash();
        blocks.forEach(block -> hash.add(block.vbn, block.crc));
        blocks.subList(100, 500).forEach(block -> hash.remove(block.vbn, block.crc));
        assertThat(hash.value()).isEqualTo(of(blocks.subList(0, 100)));
        blocks.subList(0, 100).forEach(block -> hash.remove(block.vbn, block.crc));
        assertThat(hash.value()).isEqualTo(new SetHash.Value(0, 0, 0));
    }

    /// One bit of one checksum, a block missing, twice, at another number, two exchanged.
    @Test
    void everySmallDifferenceShows() {
        List<Block> blocks = blocks(200);
        Set<SetHash.Value> seen = new HashSet<>();
        int cases = 0;
        seen.add(of(blocks));
        for (int i = 0; i + 1 < blocks.size(); i++) {
            for (List<Block> other : changes(blocks, i)) {
                seen.add(of(other));
                cases++;
            }
        }
        assertThat(seen).hasSize(cases + 1);
    }

    private static List<List<Block>> changes(List<Block> blocks, int i) {
        Block block = blocks.get(i);
        Block next = blocks.get(i + 1);
        List<List<Block>> instead = new ArrayList<>();
        for (int bit = 0; bit < 32; bit++) {
            instead.add(List.of(new Block(block.vbn, block.crc ^ (1 << bit))));
        }
        instead.add(List.of());
        instead.add(List.of(block, block));
        instead.add(List.of(new Block(block.vbn + 1000, block.crc)));
        List<List<Block>> changed = new ArrayList<>();
        for (List<Block> other : instead) {
            List<Block> all = new ArrayList<>(blocks);
            all.remove(i);
            all.addAll(other);
            changed.add(all);
        }
        List<Block> exchanged = new ArrayList<>(blocks);
        exchanged.set(i, new Block(block.vbn, next.crc));
        exchanged.set(i + 1, new Block(next.vbn, block.crc));
        changed.add(exchanged);
        return changed;
    }

    /// Both nodes compute it, also of different versions.
    @Test
    void itsBytesAreFixed() {
        SetHash hash = new SetHash();
        hash.add(1, 0x12345678);
        hash.add(1L << 40, -1);
        assertThat(hash.value()).hasToString("2 blocks, b01ffe926d48f9607804bbbec27ec4aa");
    }
}
