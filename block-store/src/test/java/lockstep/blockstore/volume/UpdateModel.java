package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// The part of [VolumeModelTest] that reads and writes in one step, and asks what holds space.
final class UpdateModel {
    private UpdateModel() {}

    /// COMPARE AND WRITE or ORWRITE of sectors whose content is known because nothing is under way
    /// there; what comes while it is under way waits, so what it compares with cannot change. False
    /// if there are none at the place looked at.
    static boolean oneUpdate(VolumeModelTest.Node node) {
        int first = node.random.nextInt(sectors(node) - 12);
        int count = 1 + node.random.nextInt(12);
        byte[] known = new byte[count * Blocks.SECTOR];
        for (int i = 0; i < count; i++) {
            if (!node.maybe[first + i].isEmpty()) {
                return false;
            }
            System.arraycopy(
                    node.allowedNow[first + i], 0, known, i * Blocks.SECTOR, Blocks.SECTOR);
        }
        byte[] data = new byte[known.length];
        node.random.nextBytes(data);
        long offset = (long) first * Blocks.SECTOR;
        int differs = node.random.nextInt(3) == 0 ? node.random.nextInt(known.length) : -1;
        if (differs >= 0) {
            byte[] other = known.clone();
            other[differs] = (byte) ~other[differs];
            IoBuffer both = IoBuffer.unpooled(joined(other, data));
            node.outstanding++;
            Outcome.Handler done =
                    outcome -> {
                        node.outstanding--;
                        assertThat(outcome).isEqualTo(new Outcome.Miscompare(differs));
                    };
            node.run(() -> node.lun().compareAndWrite(offset, both, done));
            return true;
        }
        boolean or = node.random.nextBoolean();
        byte[] after = data.clone();
        for (int i = 0; or && i < after.length; i++) {
            after[i] |= known[i];
        }
        begin(node, first, after);
        Outcome.Handler done = outcome -> VolumeModelTest.acknowledged(node, first, after, outcome);
        // A write of the same sectors right behind it must not come between its read and its write.
        int next = first + node.random.nextInt(count);
        byte[] behind = new byte[Blocks.SECTOR];
        node.random.nextBytes(behind);
        begin(node, next, behind);
        Outcome.Handler doneBehind =
                outcome -> VolumeModelTest.acknowledged(node, next, behind, outcome);
        node.run(
                () -> {
                    if (or) {
                        node.lun().orWrite(offset, IoBuffer.unpooled(ByteBuffer.wrap(data)), done);
                    } else {
                        IoBuffer both = IoBuffer.unpooled(joined(known, data));
                        node.lun().compareAndWrite(offset, both, done);
                    }
                    node.lun()
                            .write(
                                    (long) next * Blocks.SECTOR,
                                    IoBuffer.unpooled(ByteBuffer.wrap(behind)),
                                    doneBehind);
                });
        return true;
    }

    private static void begin(VolumeModelTest.Node node, int first, byte[] data) {
        for (int i = 0; i < data.length / Blocks.SECTOR; i++) {
            node.maybe[first + i].add(VolumeModelTest.slice(data, i));
        }
        node.outstanding++;
    }

    private static int sectors(VolumeModelTest.Node node) {
        return (int) (node.lun().record().size() / Blocks.SECTOR);
    }

    private static ByteBuffer joined(byte[] first, byte[] second) {
        return ByteBuffer.allocate(first.length * 2).put(first).put(second).flip();
    }

    /// Blocks that are said to hold no space read as zeros, and the runs cover the LUN.
    static void checkExtents(VolumeModelTest.Node node) {
        List<LunExtent> extents = new ArrayList<>();
        boolean[] ended = new boolean[1];
        node.run(
                () ->
                        node.lun()
                                .extents(
                                        0,
                                        Integer.MAX_VALUE,
                                        (outcome, found) -> {
                                            assertThat(outcome).isEqualTo(Outcome.done());
                                            extents.addAll(found);
                                            ended[0] = true;
                                        }));
        assertThat(node.simulation.runUntil(() -> ended[0])).isTrue();
        long at = 0;
        for (LunExtent extent : extents) {
            assertThat(extent.offset()).isEqualTo(at);
            at += extent.length();
            boolean zeros = true;
            for (long sector = extent.offset() / Blocks.SECTOR;
                    sector < at / Blocks.SECTOR;
                    sector++) {
                for (byte b : node.allowedNow[(int) sector]) {
                    zeros &= b == 0;
                }
            }
            assertThat(extent.mapped() || zeros).as("%s", extent).isTrue();
        }
        assertThat(at).isEqualTo((long) sectors(node) * Blocks.SECTOR);
    }
}
