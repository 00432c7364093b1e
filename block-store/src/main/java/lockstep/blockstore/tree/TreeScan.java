package lockstep.blockstore.tree;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockReader;
import lockstep.blockstore.io.EventLoop;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;

/// Finds every pointer of a tree to a block that was born after a given consistency point, as
/// [TreeWalk] does, but in no order, and with many nodes being read at once: for whoever adds up.
/// What was found last is read first, so the nodes that wait are children of a few, whatever the
/// tree holds.
public final class TreeScan {
    /// Takes what is found.
    public interface Visitor {
        /// A pointer to a node (`level` 0 and up) or to data (`level` -1).
        void block(BlockPointer pointer, int level);

        /// There is no more. `lost`: a node that cannot be read, after which nothing was looked at;
        /// null if there is none.
        void ended(@Nullable BlockPointer lost);
    }

    private static final int READS_AT_ONCE = 32;
    private static final int NODES_PER_SLICE = 16;

    private record Node(BlockPointer pointer, int level, long index) {}

    private final TreeRoot root;
    private final CpId since;
    private final long cursor;
    private final BlockReader reader;
    private final EventLoop loop;
    private final Visitor visitor;
    private final ArrayDeque<Node> unread = new ArrayDeque<>();
    private @Nullable BlockPointer lost;
    private int reading;
    private boolean asking;
    private boolean over;

    /// Of what `root` reaches, what was born after `since`, without what lies wholly before block
    /// `cursor`.
    public TreeScan(
            TreeRoot root,
            CpId since,
            long cursor,
            BlockReader reader,
            EventLoop loop,
            Visitor visitor) {
        this.root = root;
        this.since = since;
        this.cursor = cursor;
        this.reader = reader;
        this.loop = loop;
        this.visitor = visitor;
    }

    /// Begins; the visitor may be called inside the call.
    public void start() {
        found(root.top(), root.levels() - 1, 0);
        goOn();
    }

    /// Looks at nothing more and tells nothing more.
    public void stop() {
        over = true;
        unread.clear();
    }

    private void found(BlockPointer pointer, int level, long index) {
        if (!pointer.isHole() && pointer.bornAfter(since)) {
            visitor.block(pointer, level);
            if (level >= 0 && pointer.isAllocated()) {
                unread.push(new Node(pointer, level, index));
            }
        }
    }

    private void goOn() {
        if (asking || over) {
            return; // What is in memory comes inside the asking.
        }
        asking = true;
        for (int i = 0; i < NODES_PER_SLICE && reading < READS_AT_ONCE && lost == null; i++) {
            Node node = unread.poll();
            if (node == null) {
                break;
            }
            reading++;
            reader.read(node.pointer, block -> read(node, block));
        }
        asking = false;
        if (reading == 0 && (unread.isEmpty() || lost != null)) {
            over = true;
            visitor.ended(lost);
        } else if (reading < READS_AT_ONCE && !unread.isEmpty()) {
            loop.execute(this::goOn);
        }
    }

    private void read(Node node, @Nullable ByteBuffer block) {
        reading--;
        if (over) {
            return;
        }
        if (block == null || !PointerBlock.isNode(block, node.level, root.tree(), node.index)) {
            lost = node.pointer;
        } else if (lost == null) {
            children(node, block);
        }
        goOn();
    }

    private void children(Node node, ByteBuffer block) {
        for (int slot = 0; slot < PointerBlock.FANOUT; slot++) {
            long index = node.index * PointerBlock.FANOUT + slot;
            if ((index + 1) * TreeRoot.span(node.level) > cursor) {
                found(PointerBlock.get(block, slot), node.level - 1, index);
            }
        }
    }
}
