package lockstep.blockstore.cp;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.cp.Bucket.Birth;
import lockstep.blockstore.tree.TreeRoot;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;

/// Snapshot dead lists in memory, and the golden bytes of their blocks.
final class DeathTableTest {
    // What it would read with is not used: every block is new.
    @SuppressWarnings("NullAway")
    private final DeathFile file =
            new DeathFile(null, new BlockPool(), null, TreeRoot.empty(VolumeRoot.DEATH_TREE, 1), 0);

    private static BlockPointer dead(long vbn) {
        return new BlockPointer(vbn, 0, 3, 9);
    }

    private static String hex(ByteBuffer block, int bytes) {
        byte[] copy = new byte[bytes];
        block.get(0, copy);
        return HexFormat.of().formatHex(copy);
    }

    private static List<Long> vbns(Chain chain, DeathFile file) {
        List<Long> found = new ArrayList<>();
        for (long index = chain.first(); index >= 0; index = Chain.next(file.block(index))) {
            assertThat(Chain.isBlock(file.block(index))).isTrue();
            for (int i = 0; i < Chain.count(file.block(index)); i++) {
                found.add(Chain.entry(file.block(index), i).vbn());
            }
        }
        Collections.sort(found);
        return found;
    }

    @Test
    void aChainsBlockHasItsBytes() {
        Bucket bucket = Bucket.empty(new Birth(4, 5)).with(List.of(dead(0x1234)), file);
        assertThat(hex(file.block(bucket.chain().first()), 44))
                .isEqualTo(
                        "4c44"
                                + "0001"
                                + "00000001"
                                + "f".repeat(16)
                                + "0000000000001234"
                                + "00000003"
                                + "0000000000000009"
                                + "0".repeat(16));
    }

    @Test
    void aTableHasItsBytes() {
        DeathTable table = Objects.requireNonNull(DeathTable.read(DeathList.EMPTY, file));
        table.put(Bucket.empty(new Birth(4, 5)).with(List.of(dead(1), dead(2)), file));
        DeathList stored = table.store(file);
        assertThat(stored).isEqualTo(new DeathList(1, 1, 2));
        assertThat(hex(file.block(1), 56))
                .isEqualTo(
                        "4c44"
                                + "0002"
                                + "00000001"
                                + "0".repeat(16)
                                + "00000004"
                                + "0000000000000005"
                                + "0".repeat(16)
                                + "0".repeat(16)
                                + "0000000000000002"
                                + "00000002");
        DeathTable read = Objects.requireNonNull(DeathTable.read(stored, file));
        assertThat(read.buckets()).isEqualTo(table.buckets());
    }

    @Test
    void chainsOfAnyLengthGrowAndJoin() {
        List<Long> expected = new ArrayList<>();
        Bucket all = Bucket.empty(new Birth(1, 1));
        long next = 1;
        for (int count : new int[] {1, 203, 1, 204, 408, 3, 500, 0, 109}) {
            List<BlockPointer> part = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                expected.add(next);
                part.add(dead(next++));
            }
            Bucket grown = all.with(part, file);
            assertThat(Chain.count(file.block(grown.chain().first()))).isEqualTo(grown.filled());
            all = count % 2 == 0 ? grown : grown.joined(Bucket.empty(all.born()), file);
            assertThat(vbns(all.chain(), file)).isEqualTo(expected);
            assertThat(all.chain().blocks()).isEqualTo(expected.size());
        }
        Bucket other = Bucket.empty(new Birth(1, 1)).with(List.of(dead(next)), file);
        expected.add(next);
        Bucket joined = other.joined(all, file);
        assertThat(vbns(joined.chain(), file)).isEqualTo(expected);
        assertThat(joined.filled()).isEqualTo(1);
    }
}
