package lockstep.blockstore.block;

import lockstep.blockstore.base.Blocks;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// How one version of a block differs from another: runs of bytes, in order of their offsets, none
/// over another.
///
/// ```
/// | offset (2) | length (2) | bytes | offset (2) | ...
/// ```
///
/// Tree nodes and pages of the space map change by a few bytes from one consistency point to the
/// next; so they travel to a mirror that holds the version before.
public final class BlockPatch {
    /// A patch of more bytes is not worth the read that it costs.
    public static final int MAX_BYTES = 2048;

    private static final int RUN_HEADER = 4;

    private BlockPatch() {}

    /// From `before` to `after` (4096 bytes each, from index 0); null if that takes more than
    /// [#MAX_BYTES].
    public static @Nullable ByteBuffer between(ByteBuffer before, ByteBuffer after) {
        ByteBuffer out = ByteBuffer.allocate(MAX_BYTES);
        int at = 0;
        while (at < Blocks.SIZE) {
            if (before.getLong(at) == after.getLong(at)) {
                at += Long.BYTES;
                continue;
            }
            int from = at;
            while (at < Blocks.SIZE && before.getLong(at) != after.getLong(at)) {
                at += Long.BYTES;
            }
            if (!add(out, after, from, at - from)) {
                return null;
            }
        }
        return out.flip();
    }

    /// Adds to `out` that bytes `offset` to `offset + length` are those of `after`. Returns false,
    /// and does nothing, if there is no room.
    public static boolean add(ByteBuffer out, ByteBuffer after, int offset, int length) {
        if (out.remaining() < RUN_HEADER + length) {
            return false;
        }
        out.putShort((short) offset).putShort((short) length);
        out.put(out.position(), after, offset, length);
        out.position(out.position() + length);
        return true;
    }

    /// Makes `block` (4096 bytes from index 0) the other version. Returns false if the patch makes
    /// no sense; the block is worth nothing then.
    public static boolean apply(ByteBuffer borrowedPatch, ByteBuffer block) {
        ByteBuffer in = borrowedPatch.duplicate();
        int end = 0;
        while (in.remaining() > RUN_HEADER) {
            int offset = Short.toUnsignedInt(in.getShort());
            int length = Short.toUnsignedInt(in.getShort());
            if (offset < end || length == 0 || length > in.remaining()) {
                return false;
            }
            end = offset + length;
            if (end > Blocks.SIZE) {
                return false;
            }
            block.put(offset, in, in.position(), length);
            in.position(in.position() + length);
        }
        return !in.hasRemaining();
    }
}
