package lockstep.blockstore.cp;

import lockstep.blockstore.block.BlockCache.Kind;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.Slices;
import lockstep.blockstore.tree.TreeEditor;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// The blocks of one consistency point, gathered before any is written: what goes to the disks, and
/// the same again, as references where the log holds them, to the mirror.
final class CpOutput implements TreeEditor.NodeSink {
    private static final int PIECES_PER_SLICE = 128;

    /// One block. `overlay` is whose content it is, if it is a LUN's data; `owned` says that the
    /// buffer belongs to this output; `change` says what it was before, if it is a node.
    private record Piece(
            BlockPointer pointer,
            ByteBuffer content,
            @Nullable OverlayBlock overlay,
            boolean owned,
            @Nullable Change change) {}

    private record Change(BlockPointer base, BitSet slots) {}

    private final EventLoop loop;
    private final List<Piece> pieces = new ArrayList<>();
    private int data;
    private int files;

    CpOutput(EventLoop loop) {
        this.loop = loop;
    }

    /// Adds a LUN's data block.
    void data(BlockPointer pointer, OverlayBlock block) {
        data++;
        pieces.add(new Piece(pointer, block.content(), block, false, null));
    }

    /// Adds a block of a system file; the buffer changes hands.
    void file(BlockPointer pointer, ByteBuffer content) {
        files++;
        pieces.add(new Piece(pointer, content, null, true, null));
    }

    @Override
    public void node(
            BlockPointer pointer, ByteBuffer content, BlockPointer replaced, BitSet slots) {
        Change change = replaced.isAllocated() ? new Change(replaced, slots) : null;
        pieces.add(new Piece(pointer, content, null, false, change));
    }

    /// Blocks in all.
    int size() {
        return pieces.size();
    }

    /// What was gathered.
    CpTally.Blocks blocks() {
        return new CpTally.Blocks(data, pieces.size() - data - files, files);
    }

    /// Hands every block to `writer`.
    void putTo(BlockSpace.Writer writer, Runnable done) {
        int[] at = {0};
        Slices.run(
                loop,
                PIECES_PER_SLICE,
                () -> {
                    if (at[0] == pieces.size()) {
                        return false;
                    }
                    Piece piece = pieces.get(at[0]++);
                    writer.put(piece.pointer.vbn(), piece.content, piece.pointer.crc());
                    return true;
                },
                done);
    }

    /// Sends every block to `mirror`, no faster than it takes them.
    void shipTo(UpdateSink mirror, Runnable done) {
        shipFrom(0, mirror, done);
    }

    private void shipFrom(int start, UpdateSink mirror, Runnable done) {
        int end = Math.min(start + PIECES_PER_SLICE, pieces.size());
        for (int at = start; at < end; at++) {
            if (!mirror.ready(resume(at, mirror, done))) {
                return;
            }
            ship(pieces.get(at), mirror);
        }
        if (end == pieces.size()) {
            done.run();
        } else {
            loop.execute(() -> shipFrom(end, mirror, done));
        }
    }

    private Runnable resume(int at, UpdateSink mirror, Runnable done) {
        return () -> shipFrom(at, mirror, done);
    }

    private static void ship(Piece piece, UpdateSink mirror) {
        OverlayBlock overlay = piece.overlay;
        long vbn = piece.pointer.vbn();
        int crc = piece.pointer.crc();
        if (overlay != null && overlay.isReference()) {
            mirror.cpReference(vbn, crc, overlay.sequence(), overlay.entryOffset());
            return;
        }
        ByteBuffer content = piece.content.duplicate().clear();
        Change change = piece.change;
        ByteBuffer patch = change == null ? null : TreeEditor.patch(content, change.slots);
        if (change != null && patch != null) {
            mirror.cpChange(piece.pointer, change.base, patch, content);
        } else {
            mirror.cpData(vbn, crc, content);
        }
    }

    /// The image is committed: data and files move into the cache, a few at a time. Until its turn
    /// comes a block is simply read from disk.
    void keep(BlockReader reader, Runnable done) {
        int[] at = {0};
        Slices.run(
                loop,
                PIECES_PER_SLICE,
                () -> {
                    if (at[0] == pieces.size()) {
                        return false;
                    }
                    keep(pieces.get(at[0]++), reader);
                    return true;
                },
                done);
    }

    private static void keep(Piece piece, BlockReader reader) {
        OverlayBlock overlay = piece.overlay;
        ByteBuffer content = overlay == null ? null : overlay.surrender();
        if (content != null) {
            reader.keep(Kind.DATA, piece.pointer, content);
        } else if (piece.owned) {
            reader.keep(Kind.NODE, piece.pointer, piece.content);
        }
    }
}
