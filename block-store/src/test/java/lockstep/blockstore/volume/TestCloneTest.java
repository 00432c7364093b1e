package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.tree.LunRecord;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.UUID;

/// A writable clone whose writes land in another LUN. Base and scratch are in one volume here; that
/// nothing is written to the base is compared.
final class TestCloneTest {
    private static final int LUN_BLOCKS = 64;
    private static final int BYTES = LUN_BLOCKS * Blocks.SIZE;
    private static final int SECTORS = BYTES / Blocks.SECTOR;

    private final VolumeWorld world =
            new VolumeWorld(5, 4, 1300, LUN_BLOCKS, CopyState.standalone());
    private final Snapshot snapshot;
    private final byte[] kept;

    /// What the clone must hold.
    private final byte[] content;

    private TestClone clone;

    TestCloneTest() {
        world.open(() -> world.active != null);
        world.makeLun();
        world.write(0, 40); // Behind that there are holes.
        VolumeSnapshots.Taking taking =
                new VolumeSnapshots.Taking("s", List.of(0), new UUID(7, 0), 1, "");
        world.succeed(done -> world.active.snapshots().take(taking, done));
        world.checkpoint();
        snapshot = world.active.snapshots().list().getFirst();
        kept = world.content.clone();
        content = kept.clone();
        LunRecord scratch = new LunRecord(1, "scratch", new UUID(3, 4), BYTES);
        world.succeed(done -> world.active.putLun(scratch, done));
        clone = cloneNow();
    }

    private TestClone cloneNow() {
        Lun base = new SnapshotLun(() -> world.active, world.loop, snapshot, 9);
        return new TestClone(base, world.active.luns().get(1));
    }

    private void put(int sector, byte[] data) {
        System.arraycopy(data, 0, content, sector * Blocks.SECTOR, data.length);
    }

    private void write(int sector, byte[] data) {
        long offset = (long) sector * Blocks.SECTOR;
        put(sector, data);
        world.succeed(done -> clone.write(offset, IoBuffer.unpooled(ByteBuffer.wrap(data)), done));
    }

    private void unmap(int sector, int sectors) {
        long offset = (long) sector * Blocks.SECTOR;
        put(sector, new byte[sectors * Blocks.SECTOR]);
        world.succeed(done -> clone.unmap(offset, (long) sectors * Blocks.SECTOR, done));
    }

    private void compare() {
        assertThat(Arrays.equals(read(clone, 0, BYTES), content)).as("the clone").isTrue();
        assertThat(Arrays.equals(read(clone.base(), 0, BYTES), kept)).as("its base").isTrue();
    }

    private byte[] read(Lun lun, int offset, int length) {
        ByteBuffer into = ByteBuffer.allocate(length);
        world.succeed(done -> lun.read(offset, into, done));
        return into.array();
    }

    private static byte[] bytes(int sectors, int value) {
        byte[] data = new byte[sectors * Blocks.SECTOR];
        Arrays.fill(data, (byte) value);
        return data;
    }

    @Test
    void itBeginsAsItsBaseAndHoldsNoSpaceOfItsOwn() {
        compare();
        assertThat(extents(world.active.luns().get(1)))
                .containsExactly(new LunExtent(0, BYTES, false));
        assertThat(extents(clone))
                .containsExactly(
                        new LunExtent(0, Blocks.toBytes(40), true),
                        new LunExtent(Blocks.toBytes(40), Blocks.toBytes(24), false));
        assertThat(clone.record().readOnly()).isFalse();
    }

    private List<LunExtent> extents(Lun lun) {
        List<LunExtent> found = new ArrayList<>();
        world.loop.call(
                () ->
                        lun.extents(
                                0,
                                10,
                                (outcome, extents) -> {
                                    assertThat(outcome).isEqualTo(Outcome.done());
                                    found.addAll(extents);
                                }));
        world.await(() -> !found.isEmpty());
        return found;
    }

    @Test
    void aPartOfABlockThatIsWrittenLeavesTheRestWhatItWas() {
        write(3, bytes(2, 1)); // inside a block
        write(14, bytes(20, 2)); // parts of two, and two whole
        write(45 * 8 + 1, bytes(1, 3)); // in a hole
        compare();
        world.checkpoint();
        compare();
    }

    @Test
    void whatIsUnmappedReadsAsZerosAndNotAsTheBase() {
        unmap(8, 16);
        unmap(35, 3);
        // The same block bit by bit: it must not become one without space.
        unmap(80, 4);
        unmap(84, 4);
        unmap(38 * 8, 40); // over the end of what the base has
        compare();
        world.checkpoint();
        compare();
        assertThat(extents(clone).getFirst()).isEqualTo(new LunExtent(0, Blocks.toBytes(40), true));
        // Where the base has nothing, space goes back.
        write(50 * 8, bytes(8, 1));
        unmap(50 * 8, 8);
        assertThat(extents(clone)).hasSize(2);
    }

    @Test
    void comparingCommandsSeeTheBase() {
        byte[] both = Arrays.copyOf(Arrays.copyOfRange(kept, 512, 1024), 1024);
        Arrays.fill(both, 512, 1024, (byte) 9);
        IoBuffer buffer = IoBuffer.unpooled(ByteBuffer.wrap(both));
        put(1, bytes(1, 9));
        world.succeed(done -> clone.compareAndWrite(512, buffer, done));
        assertThat(world.outcome(done -> clone.compareAndWrite(512, buffer, done)))
                .isInstanceOf(Outcome.Miscompare.class);
        byte[] bits = bytes(1, 0x11);
        for (int i = 0; i < Blocks.SECTOR; i++) {
            content[9 * Blocks.SECTOR + i] = (byte) (content[9 * Blocks.SECTOR + i] | 0x11);
        }
        world.succeed(
                done ->
                        clone.orWrite(
                                9L * Blocks.SECTOR,
                                IoBuffer.unpooled(ByteBuffer.wrap(bits)),
                                done));
        compare();
    }

    /// Two changes of one block at once: neither loses what the other wrote.
    @Test
    void changesOfOneBlockComeOneAfterTheOther() {
        int[] done = new int[1];
        world.loop.call(
                () -> {
                    for (int sector = 0; sector < 8; sector++) {
                        byte[] data = bytes(1, sector + 1);
                        put(sector, data);
                        clone.write(
                                (long) sector * Blocks.SECTOR,
                                IoBuffer.unpooled(ByteBuffer.wrap(data)),
                                outcome -> done[0] += outcome.isDone() ? 1 : 0);
                    }
                });
        world.await(() -> done[0] == 8);
        compare();
    }

    @Test
    void whatItHoldsIsThereAfterACrash() {
        write(3, bytes(2, 1));
        unmap(16, 16);
        world.crash(true);
        world.open(() -> world.active != null);
        clone = cloneNow();
        compare();
    }

    @Test
    void anyMixOfChangesGivesWhatADiskWould() {
        Random random = new Random(11);
        for (int step = 0; step < 300; step++) {
            int sector = random.nextInt(SECTORS - 40);
            int sectors = 1 + random.nextInt(40);
            switch (random.nextInt(4)) {
                case 0 -> unmap(sector, sectors);
                case 1 -> same(sector, sectors, random.nextInt(3));
                case 2 -> write(sector, bytes(sectors, random.nextInt(3)));
                default -> write(sector & ~7, bytes((sectors + 7) & ~7, random.nextInt(256)));
            }
            if (step % 40 == 0) {
                world.checkpoint();
                compare();
            }
        }
        compare();
    }

    private void same(int sector, int sectors, int value) {
        put(sector, bytes(sectors, value));
        ByteBuffer pattern = ByteBuffer.wrap(bytes(1, value));
        world.succeed(
                done ->
                        clone.writeSame(
                                (long) sector * Blocks.SECTOR,
                                (long) sectors * Blocks.SECTOR,
                                pattern,
                                done));
    }
}
