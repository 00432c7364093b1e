package lockstep.blockstore.block;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// The copy of a volume on another node, as a place to have blocks from that are lost here. It is
/// not trusted: what comes counts only if it is what the pointer asks for.
public interface OtherCopy {
    /// There is none.
    OtherCopy NONE =
            new OtherCopy() {
                @Override
                public void fetch(BlockPointer pointer, Fetched done) {
                    done.ended(null);
                }

                @Override
                public void healed(BlockPointer pointer, int tree, String place) {}
            };

    /// Takes what came.
    @FunctionalInterface
    interface Fetched {
        /// 4096 bytes, the receiver's from here on; null if they cannot be had now.
        void ended(@Nullable ByteBuffer content);
    }

    /// Asks for the block that `pointer` names. `done` is told once, within a bounded time, later
    /// or inside the call.
    void fetch(BlockPointer pointer, Fetched done);

    /// A block that somebody read is in its place again, at `place`: for people. `tree` is the
    /// number of the LUN or system file, or [BlockRescue#SOME_TREE].
    void healed(BlockPointer pointer, int tree, String place);
}
