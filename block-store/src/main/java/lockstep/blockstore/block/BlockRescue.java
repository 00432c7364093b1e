package lockstep.blockstore.block;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Restored;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// What is left when no disk of a group can give a block: the other copy of the volume has it under
/// the same VBN. What comes from there is checked by this copy's own pointer and put in its place,
/// if the disks' own entry says that it belongs there.
///
/// One for each copy of a volume, whatever the copy is used as. Nothing waits for it longer than
/// the other copy is given to answer.
public final class BlockRescue {
    /// A block of a LUN or system file, who asked does not know which.
    public static final int SOME_TREE = -1;

    /// Takes the end: what became of the block's place, and its content.
    @FunctionalInterface
    public interface Handler {
        /// `content`, 4096 bytes that are what the pointer asks for, whatever became of their
        /// place; null if they could not be had, and `restored` is too.
        void ended(@Nullable Restored restored, @Nullable ByteBuffer content);
    }

    private final BlockSpace space;
    private OtherCopy other = OtherCopy.NONE;
    private long healed;
    private long wrong;
    private long given;

    /// The rescue of blocks in `space`.
    public BlockRescue(BlockSpace space) {
        this.space = space;
    }

    /// Blocks are had from `copy` from now on.
    public void from(OtherCopy copy) {
        other = copy;
    }

    /// Blocks that are in their place again.
    public long healed() {
        return healed;
    }

    /// Answers that were not what was asked for.
    public long wrong() {
        return wrong;
    }

    /// Blocks that the other copy had from this one.
    public long given() {
        return given;
    }

    /// The other copy has got `blocks` more.
    public void gave(int blocks) {
        given += blocks;
    }

    /// Has the block that `pointer` names brought and put in its place.
    public void rescue(BlockPointer pointer, Handler done) {
        other.fetch(
                pointer,
                content -> {
                    if (content == null) {
                        done.ended(null, null);
                    } else if (content.remaining() != Blocks.SIZE
                            || Crc32c.of(content) != pointer.crc()) {
                        wrong++;
                        done.ended(null, null);
                    } else {
                        restore(pointer, content, done);
                    }
                });
    }

    private void restore(BlockPointer pointer, ByteBuffer content, Handler done) {
        space.restore(
                pointer.vbn(),
                pointer.crc(),
                content,
                restored -> {
                    healed += restored == Restored.HEALED ? 1 : 0;
                    done.ended(restored, content);
                });
    }

    /// The same for a reader of `tree`, who takes the content whatever became of its place.
    void read(BlockPointer pointer, int tree, BlockReader.BlockHandler done) {
        rescue(
                pointer,
                (restored, content) -> {
                    if (restored == Restored.HEALED) {
                        other.healed(pointer, tree, space.placeOf(pointer.vbn()));
                    }
                    done.ended(content);
                });
    }
}
