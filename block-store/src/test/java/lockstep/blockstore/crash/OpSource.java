package lockstep.blockstore.crash;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.crash.VolumeState.LunContent;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/// Draws operations that make sense for the twin's newest state, of all lengths and alignments.
final class OpSource {
    /// How large LUNs are, how many there may be, and the longest range of one operation.
    record Limits(int luns, int lunBlocks, int sectorsPerOp) {}

    private final SplittableRandom random;
    private final Limits limits;
    private long lastStamp;
    private long lastIdentity;

    OpSource(SplittableRandom random, Limits limits) {
        this.random = random;
        this.limits = limits;
    }

    /// The next operation on a volume that looks like `now`.
    Op next(VolumeState now) {
        List<Integer> present = new ArrayList<>(now.luns().keySet());
        if (present.isEmpty() || random.nextInt(24) == 0) {
            return lunOp(now);
        }
        int lun = present.get(random.nextInt(present.size()));
        LunContent content = now.luns().get(lun);
        int sectors = content == null ? 0 : content.sectors().length;
        int sector = random.nextInt(sectors);
        int count = 1 + random.nextInt(Math.min(limits.sectorsPerOp, sectors - sector));
        if (random.nextBoolean()) {
            // Whole blocks: the other half has gaps to fill.
            sector &= -Blocks.SECTORS;
            count = Math.min((count + Blocks.SECTORS - 1) & -Blocks.SECTORS, sectors - sector);
        }
        int kind = random.nextInt(16);
        if (kind < 11 || content == null) {
            return new Op.Write(lun, sector, stamps(count));
        } else if (kind < 13) {
            return new Op.Unmap(lun, sector, count);
        } else if (kind < 15) {
            return new Op.WriteSame(lun, sector, count, ++lastStamp);
        }
        count = Math.min(count, 12);
        long[] expected = Arrays.copyOfRange(content.sectors(), sector, sector + count);
        return new Op.CompareAndWrite(lun, sector, expected, stamps(count));
    }

    /// Makes, grows or deletes a LUN.
    private Op lunOp(VolumeState now) {
        int number = random.nextInt(limits.luns);
        LunContent content = now.lun(number);
        int whole = 1 + random.nextInt(limits.lunBlocks);
        if (content == null) {
            return new Op.PutLun(number, new UUID(7, ++lastIdentity), whole);
        }
        int blocks = content.sectors().length / Blocks.SECTORS;
        boolean grows = blocks < limits.lunBlocks && random.nextInt(3) != 0;
        return grows
                ? new Op.PutLun(number, content.identity(), Math.max(blocks, whole))
                : new Op.DeleteLun(number);
    }

    private long[] stamps(int count) {
        long[] stamps = new long[count];
        for (int i = 0; i < count; i++) {
            stamps[i] = ++lastStamp;
        }
        return stamps;
    }
}
