package lockstep.blockstore.sim;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.io.BlockDevice.Extent;

import java.nio.ByteBuffer;

/// The bytes that a caller lends to a device: copied when a write is submitted, and compared when
/// it ends.
final class LentBytes {
    private LentBytes() {}

    static byte[][] copy(Extent extent) {
        byte[][] blocks = new byte[(int) Blocks.roundUp(extent.length())][Blocks.SIZE];
        int at = 0;
        for (ByteBuffer buffer : extent.buffers()) {
            ByteBuffer from = buffer.duplicate();
            while (from.hasRemaining()) {
                int within = at % Blocks.SIZE;
                int part = Math.min(from.remaining(), Blocks.SIZE - within);
                from.get(blocks[at / Blocks.SIZE], within, part);
                at += part;
            }
        }
        return blocks;
    }

    static void checkUnchanged(Extent extent, byte[][] blocks) {
        int at = 0;
        for (ByteBuffer buffer : extent.buffers()) {
            for (int done = 0; done < buffer.remaining(); ) {
                int within = at % Blocks.SIZE;
                int part = Math.min(buffer.remaining() - done, Blocks.SIZE - within);
                ByteBuffer lent = buffer.slice(buffer.position() + done, part);
                ByteBuffer submitted = ByteBuffer.wrap(blocks[at / Blocks.SIZE], within, part);
                Check.that(
                        lent.equals(submitted),
                        "a lent buffer does not change before the completion");
                at += part;
                done += part;
            }
        }
    }

    static void fill(Extent extent, SimMedium medium) {
        long at = extent.offset();
        for (ByteBuffer buffer : extent.buffers()) {
            ByteBuffer into = buffer.duplicate();
            while (into.hasRemaining()) {
                int within = (int) (at % Blocks.SIZE);
                int part = Math.min(into.remaining(), Blocks.SIZE - within);
                into.put(medium.block(Blocks.containing(at)), within, part);
                at += part;
            }
        }
    }
}
