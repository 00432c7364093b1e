package lockstep.blockstore.cp;

import lockstep.blockstore.base.BlockPool;
import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.Crc32c;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// What the log says of one LUN block: which of its eight sectors are new, and their bytes.
///
/// A block without content has zeros in all its valid sectors. `reference` holds while the last
/// entry that touched the block covers all of it: then the log already holds the block, at byte
/// `entryOffset` of the data of entry `sequence`, and a mirror that has the log needs no copy.
///
/// Bytes may lie here for long. Their checksum is made when they come, of what came where it is a
/// whole block, and is the one that goes to the disks: it is compared before anything is added to
/// them and before they are written ([lockstep.blockstore.raid.CpWriter]), and never made anew of
/// bytes that were not compared. So memory that loses a bit stops the node, whose log has the
/// bytes.
public final class OverlayBlock {
    static final int ALL = (1 << Blocks.SECTORS) - 1;

    private @Nullable ByteBuffer content;
    private int crc;
    private int valid;
    private long sequence;
    private int entryOffset;
    private boolean reference;
    private boolean lost;

    /// Whether every sector is known here, so that nothing below has to be read.
    public boolean isWhole() {
        return valid == ALL;
    }

    /// Whether the whole block reads as zeros and needs no space.
    public boolean isHole() {
        return valid == ALL && content == null && !lost;
    }

    /// Whether the sectors below this one are lost, so that the block is poisoned as a whole.
    public boolean isLost() {
        return lost;
    }

    /// Whether any of its sectors was written, so that it needs space.
    public boolean holdsBytes() {
        return content != null;
    }

    /// Whether sector `sector` (0..7) is new.
    public boolean has(int sector) {
        return (valid & (1 << sector)) != 0;
    }

    /// Whether a log entry holds all of this block.
    public boolean isReference() {
        return reference;
    }

    /// The last entry that touched the block.
    public long sequence() {
        return sequence;
    }

    /// Where the block starts in that entry's data, in bytes, if [#isReference].
    public int entryOffset() {
        return entryOffset;
    }

    /// The 4096 bytes; only of a whole block that is no hole.
    public ByteBuffer content() {
        ByteBuffer known = content;
        if (known == null || valid != ALL) {
            throw new lockstep.blockstore.base.BrokenInvariant("content is asked of a whole block");
        }
        return known;
    }

    /// What the checksum of [#content] was when it came.
    public int crc() {
        return crc;
    }

    private void compare(ByteBuffer known) {
        boolean right = Crc32c.of(known, 0, Blocks.SIZE) == crc;
        Check.that(right, "what is in memory is what came", sequence, entryOffset);
    }

    /// Copies the valid ones of `count` sectors from `sector` into `into`, at absolute index `at`.
    public void copyValid(int sector, int count, ByteBuffer into, int at) {
        ByteBuffer known = content;
        if (known != null && valid == ALL) {
            into.put(at, known, sector * Blocks.SECTOR, count * Blocks.SECTOR);
            return;
        }
        for (int i = sector; i < sector + count; i++) {
            int target = at + (i - sector) * Blocks.SECTOR;
            if (!has(i)) {
                continue;
            }
            if (known != null) {
                into.put(target, known, i * Blocks.SECTOR, Blocks.SECTOR);
            } else {
                zero(into, target);
            }
        }
    }

    /// Sectors `sector` and on now have the bytes of `data` from index `at`.
    void write(BlockPool pool, int sector, int count, ByteBuffer data, int at, long bySequence) {
        ByteBuffer target = content;
        boolean whole = count == Blocks.SECTORS;
        if (target == null) {
            target = whole ? pool.take() : pool.takeZeroed();
            content = target;
        } else if (!whole) {
            compare(target);
        }
        target.put(sector * Blocks.SECTOR, data, at, count * Blocks.SECTOR);
        crc = whole ? Crc32c.of(data, at, Blocks.SIZE) : Crc32c.of(target, 0, Blocks.SIZE);
        touched(sector, count, bySequence);
        reference = count == Blocks.SECTORS;
        entryOffset = at - data.position();
    }

    /// Sectors `sector` and on now read as zeros.
    void zero(BlockPool pool, int sector, int count, long bySequence) {
        ByteBuffer known = content;
        if (known != null) {
            if (count == Blocks.SECTORS) {
                pool.give(known);
                content = null;
            } else {
                compare(known);
                for (int i = sector; i < sector + count; i++) {
                    zero(known, i * Blocks.SECTOR);
                }
                crc = Crc32c.of(known, 0, Blocks.SIZE);
            }
        }
        touched(sector, count, bySequence);
        reference = false;
    }

    /// The content did not come from the data of one entry.
    void forgetReference() {
        reference = false;
    }

    /// Fills the sectors that are not valid from `below` (null: zeros), which makes the block
    /// whole.
    void complete(BlockPool pool, @Nullable ByteBuffer below) {
        Check.that(!isWhole(), "only a block with gaps is completed");
        if (below != null || content != null) {
            if (content != null) {
                compare(content);
            }
            ByteBuffer whole = pool.takeZeroed();
            if (below != null) {
                whole.put(0, below, 0, Blocks.SIZE);
            }
            copyValid(0, Blocks.SECTORS, whole, 0);
            drop(pool);
            content = whole;
            crc = Crc32c.of(whole, 0, Blocks.SIZE);
        }
        valid = ALL;
        reference = false;
    }

    /// What is below cannot be read: the block is committed as poisoned.
    void markLost(BlockPool pool) {
        drop(pool);
        lost = true;
        valid = ALL;
        reference = false;
    }

    /// Gives the content up to the caller, who now owns the buffer.
    @Nullable ByteBuffer surrender() {
        ByteBuffer known = content;
        content = null;
        return known;
    }

    void drop(BlockPool pool) {
        ByteBuffer known = surrender();
        if (known != null) {
            pool.give(known);
        }
    }

    private void touched(int sector, int count, long bySequence) {
        valid |= ((1 << count) - 1) << sector;
        sequence = bySequence;
        lost = false;
    }

    private static void zero(ByteBuffer into, int at) {
        for (int i = 0; i < Blocks.SECTOR; i += Long.BYTES) {
            into.putLong(at + i, 0);
        }
    }
}
