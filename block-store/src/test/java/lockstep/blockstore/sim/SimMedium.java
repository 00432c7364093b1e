package lockstep.blockstore.sim;

import lockstep.blockstore.base.Blocks;

import org.agrona.collections.Long2ObjectHashMap;
import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.Collections;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Set;

/// What a simulated device holds: the durable content, and over it the writes that no flush has
/// covered yet. Block arrays are never changed once they are here, so moving a write from volatile
/// to durable copies nothing.
final class SimMedium {
    /// The one block of zeros; nobody changes it.
    static final byte[] ZEROS = new byte[Blocks.SIZE];

    private final Simulation simulation;
    private final Long2ObjectHashMap<byte[]> durable = new Long2ObjectHashMap<>();
    private final Long2ObjectHashMap<byte[]> cached = new Long2ObjectHashMap<>();
    private List<CachedWrite> unflushed = new ArrayList<>();

    SimMedium(Simulation simulation) {
        this.simulation = simulation;
    }

    /// What is durable, as it stands now; the blocks are shared and never change.
    Long2ObjectHashMap<byte[]> image() {
        return new Long2ObjectHashMap<>(durable);
    }

    /// Holds `image` and nothing else from here on.
    void load(Long2ObjectHashMap<byte[]> image) {
        durable.clear();
        cached.clear();
        unflushed = new ArrayList<>();
        durable.putAll(image);
    }

    /// The bytes of one write; a null block is not touched by it.
    static final class CachedWrite {
        final long firstBlock;
        final byte[][] blocks;
        // A flush failed with this write in the cache: it looks written but never becomes durable.
        boolean doomed;
        // What the trace calls this write, if the device is traced.
        SimTrace.@Nullable Write traced;

        CachedWrite(long firstBlock, byte[][] blocks) {
            this.firstBlock = firstBlock;
            this.blocks = blocks;
        }
    }

    /// The newest content of a block.
    byte[] block(long block) {
        byte[] bytes = cached.get(block);
        if (bytes == null) {
            bytes = durable.get(block);
        }
        return bytes == null ? ZEROS : bytes;
    }

    /// Whether nothing was written to a block since the device was new, or it was made a hole.
    @SuppressWarnings("ReferenceEquality")
    boolean isFresh(long block) {
        return block(block) == ZEROS;
    }

    /// Whether `write` needs space that the device does not hold yet.
    boolean takesSpace(CachedWrite write) {
        for (int i = 0; i < write.blocks.length; i++) {
            if (isFresh(write.firstBlock + i)) {
                return true;
            }
        }
        return false;
    }

    /// `write` is in the device's cache: readable, not durable.
    void cache(CachedWrite write) {
        for (int i = 0; i < write.blocks.length; i++) {
            if (write.blocks[i] != null) {
                cached.put(write.firstBlock + i, write.blocks[i]);
            }
        }
        unflushed.add(write);
    }

    /// How many writes are in the cache now; what a flush issued now will cover.
    List<CachedWrite> unflushed() {
        return List.copyOf(unflushed);
    }

    /// A flush that covers `writes` has ended well.
    void makeDurable(List<CachedWrite> writes) {
        if (writes.isEmpty()) {
            return;
        }
        List<CachedWrite> left = new ArrayList<>();
        // Another flush that was under way may have ended, and have covered some of them already.
        Set<CachedWrite> covered = Collections.newSetFromMap(new IdentityHashMap<>());
        covered.addAll(writes);
        for (CachedWrite write : unflushed) {
            if (covered.contains(write) && !write.doomed) {
                supersede(left, write);
                store(write);
            } else {
                left.add(write);
            }
        }
        unflushed = left;
    }

    // Identity is meant: the cache may hold a newer write with equal bytes.
    @SuppressWarnings("ReferenceEquality")
    private void store(CachedWrite write) {
        for (int i = 0; i < write.blocks.length; i++) {
            if (write.blocks[i] == null) {
                continue;
            }
            long block = write.firstBlock + i;
            durable.put(block, write.blocks[i]);
            if (cached.get(block) == write.blocks[i]) {
                cached.remove(block);
            }
        }
    }

    // An older write of the same block that is still volatile can no longer reach the medium.
    private static void supersede(List<CachedWrite> older, CachedWrite newer) {
        for (CachedWrite write : older) {
            long from = Math.max(write.firstBlock, newer.firstBlock);
            long to =
                    Math.min(
                            write.firstBlock + write.blocks.length,
                            newer.firstBlock + newer.blocks.length);
            for (long block = from; block < to; block++) {
                write.blocks[(int) (block - write.firstBlock)] = null;
            }
        }
    }

    /// A flush failed: some of what it covered will never be durable, whatever later flushes say.
    void doom(List<CachedWrite> writes) {
        for (CachedWrite write : writes) {
            write.doomed |= simulation.random().nextBoolean();
        }
    }

    /// The power goes: each volatile write is kept, lost or torn; only the medium is left.
    void loseCache() {
        List<CachedWrite> atRisk = unflushed;
        unflushed = new ArrayList<>();
        cached.clear();
        for (CachedWrite write : atRisk) {
            if (!write.doomed) {
                store(survivor(write));
            }
        }
    }

    /// A write was cut short by the power cut that [#loseCache] told of.
    void keepRemains(CachedWrite interrupted) {
        store(survivor(interrupted));
    }

    /// What is left of `write` when it is interrupted: all, nothing, or any of its sectors. Torn
    /// sectors keep what [#block] holds now.
    CachedWrite survivor(CachedWrite write) {
        int fate = simulation.random().nextInt(3);
        byte[][] blocks = new byte[write.blocks.length][];
        for (int i = 0; i < blocks.length; i++) {
            byte[] bytes = write.blocks[i];
            if (bytes != null && fate != 0) {
                blocks[i] = fate == 1 ? bytes : torn(bytes, block(write.firstBlock + i));
            }
        }
        return new CachedWrite(write.firstBlock, blocks);
    }

    private byte[] torn(byte[] after, byte[] before) {
        int mask = simulation.random().nextInt(1 << Blocks.SECTORS);
        byte[] result = before.clone();
        for (int sector = 0; sector < Blocks.SECTORS; sector++) {
            if ((mask & (1 << sector)) != 0) {
                int at = sector * Blocks.SECTOR;
                System.arraycopy(after, at, result, at, Blocks.SECTOR);
            }
        }
        return result;
    }

    /// Changes the content of a block behind everybody's back, durably.
    void damage(long block, byte[] content) {
        if (cached.containsKey(block)) {
            cached.put(block, content);
        }
        durable.put(block, content);
    }

    /// The newest content of a range.
    byte[] peek(long offset, int length) {
        byte[] result = new byte[length];
        for (int done = 0; done < length; ) {
            int within = (int) ((offset + done) % Blocks.SIZE);
            int part = Math.min(length - done, Blocks.SIZE - within);
            byte[] block = block(Blocks.containing(offset + done));
            System.arraycopy(block, within, result, done, part);
            done += part;
        }
        return result;
    }

    /// Puts bytes here behind everybody's back, durably.
    void poke(long offset, byte[] bytes) {
        for (int done = 0; done < bytes.length; ) {
            int within = (int) ((offset + done) % Blocks.SIZE);
            int part = Math.min(bytes.length - done, Blocks.SIZE - within);
            byte[] block = block(Blocks.containing(offset + done)).clone();
            System.arraycopy(bytes, done, block, within, part);
            damage(Blocks.containing(offset + done), block);
            done += part;
        }
    }
}
