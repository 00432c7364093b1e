package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/// A volume as large as one likes with one LUN whose every block, or every one of its beginning, is
/// mapped, of which nothing exists: a block's content follows from its VBN when it is read. What is
/// written is kept. Checksums of what was never written are not compared.
final class FabricatedSpace implements BlockSpace {
    private static final int FANOUT = 170;
    private static final long FIRST = 1 << 20;
    private static final CpId BIRTH = new CpId(new Epoch(1, 1), 1);

    /// One tree of fabricated blocks: the nodes of level `l` lie from `starts[l]` on, the blocks
    /// that it maps from `target` on.
    private record Tree(
            int number, long target, long blocks, List<Long> starts, List<Long> counts) {
        TreeRoot root() {
            return new TreeRoot(number, starts.size(), pointer(starts.getLast()));
        }

        long end() {
            return starts.getLast() + counts.getLast();
        }
    }

    private final long size;
    private final Map<Long, byte[]> written = new HashMap<>();
    private final Tree lun;
    private final Tree map;
    private final Tree state;
    private final byte[] stateFile;
    private final long usedEnd;
    private @Nullable EventLoop loop;
    byte @Nullable [] root;
    long rootOrder = 1;
    byte @Nullable [] copyState;
    long copyStateOrder = 1;
    long reads;

    FabricatedSpace(VolumeId id, long size, LunRecord record) {
        this(id, size, record, record.size() / Blocks.SIZE);
    }

    /// Of the LUN only the first `blocks` blocks are mapped.
    FabricatedSpace(VolumeId id, long size, LunRecord record, long blocks) {
        this.size = size;
        int levels = TreeRoot.levelsFor(record.size() / Blocks.SIZE);
        lun = tree(record.number(), FIRST, blocks, FIRST + blocks, levels);
        int pages = SpaceMap.pages(size);
        map = tree(VolumeRoot.SPACE_TREE, lun.end(), pages, lun.end() + pages);
        LunState mapped = new LunState(record, lun.root(), blocks, LunState.UNKNOWN);
        ByteBuffer file = new StateFile(List.of(mapped), new TreeMap<>()).encode();
        stateFile = new byte[file.remaining()];
        file.get(stateFile);
        state = tree(VolumeRoot.STATE_TREE, map.end(), 1, map.end() + 1);
        usedEnd = state.end();
        root =
                bytesOf(
                        new VolumeRoot(
                                        id,
                                        BIRTH,
                                        Position.NONE,
                                        size,
                                        1 + usedEnd - FIRST,
                                        stateFile.length,
                                        state.root(),
                                        TreeRoot.empty(VolumeRoot.DEAD_TREE, 1),
                                        map.root(),
                                        List.of())
                                .encode());
        copyState = bytesOf(CopyState.standalone().promising(BIRTH.epoch()).encode());
    }

    private static Tree tree(int number, long target, long blocks, long firstNode) {
        return tree(number, target, blocks, firstNode, TreeRoot.levelsFor(blocks));
    }

    private static Tree tree(int number, long target, long blocks, long firstNode, int levels) {
        List<Long> starts = new ArrayList<>();
        List<Long> counts = new ArrayList<>();
        long at = firstNode;
        long below = blocks;
        for (int level = 0; level < levels; level++) {
            below = (below + FANOUT - 1) / FANOUT;
            starts.add(at);
            counts.add(below);
            at += below;
        }
        return new Tree(number, target, blocks, starts, counts);
    }

    private static BlockPointer pointer(long vbn) {
        return BlockPointer.to(vbn, 0, BIRTH);
    }

    /// The first eight bytes of block `block` of the LUN while nobody has written it.
    long stampOf(long block) {
        return FIRST + block;
    }

    /// Heap that what was written takes, which a real space has on its disks.
    long bytesWritten() {
        return Blocks.toBytes(written.size());
    }

    FabricatedSpace attach(EventLoop newLoop) {
        loop = newLoop;
        return this;
    }

    private void fabricate(long vbn, ByteBuffer into) {
        for (int i = 0; i < Blocks.SIZE; i += Long.BYTES) {
            into.putLong(i, 0);
        }
        for (Tree tree : List.of(lun, map, state)) {
            for (int level = 0; level < tree.starts.size(); level++) {
                long index = vbn - tree.starts.get(level);
                if (index >= 0 && index < tree.counts.get(level)) {
                    node(tree, level, index, into);
                    return;
                }
            }
        }
        if (vbn == state.target) {
            into.put(0, stateFile);
        } else if (vbn >= map.target && vbn < map.target + map.blocks) {
            page(vbn - map.target, into);
        } else {
            into.putLong(0, vbn);
        }
    }

    private static void node(Tree tree, int level, long index, ByteBuffer into) {
        into.putShort(0, (short) 0x4C54).put(2, (byte) 1).put(3, (byte) level);
        into.putInt(4, tree.number).putLong(8, index);
        long targets = level == 0 ? tree.blocks : tree.counts.get(level - 1);
        long first = level == 0 ? tree.target : tree.starts.get(level - 1);
        for (int slot = 0; slot < FANOUT; slot++) {
            long child = index * FANOUT + slot;
            if (child < targets) {
                pointer(first + child).put(into, 16 + slot * BlockPointer.BYTES);
            }
        }
    }

    private void page(long index, ByteBuffer into) {
        for (int word = 0; word < Blocks.SIZE / Long.BYTES; word++) {
            long bits = 0;
            for (int bit = 0; bit < Long.SIZE; bit++) {
                long vbn = index * SpaceMap.VBNS_PER_PAGE + word * 64L + bit;
                bits |= vbn == 0 || (vbn >= FIRST && vbn < usedEnd) ? 1L << bit : 0;
            }
            into.putLong(word * Long.BYTES, bits);
        }
    }

    @Override
    public long size() {
        return size;
    }

    @Override
    public List<StripeSet> stripeSets() {
        return List.of(StripeSet.of(0, 4, size / 4));
    }

    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        reads++;
        later(
                () -> {
                    byte[] known = written.get(vbn);
                    if (known == null) {
                        fabricate(vbn, into);
                    } else {
                        into.put(0, known);
                    }
                    done.ended(true);
                });
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        List<Boolean> readable = new ArrayList<>();
        for (int i = 0; i < crcs.length; i++) {
            int at = i;
            read(
                    vbn + i,
                    crcs[i],
                    into.get(i),
                    ok -> {
                        readable.add(ok);
                        if (at == crcs.length - 1) {
                            done.ended(readable);
                        }
                    });
        }
    }

    @Override
    public Writer begin(CpId cp) {
        return new Writer() {
            @Override
            public void put(long vbn, ByteBuffer content, int crc) {
                byte[] copy = new byte[Blocks.SIZE];
                content.get(0, copy);
                written.put(vbn, copy);
            }

            @Override
            public void writeOut(IoCompletion done) {
                later(() -> done.ended(null));
            }

            @Override
            public void flush(IoCompletion done) {
                later(() -> done.ended(null));
            }

            @Override
            public void committed() {}

            @Override
            public void abandon(IoCompletion done) {
                later(() -> done.ended(null));
            }
        };
    }

    @Override
    public void commitRoot(long order, ByteBuffer newRoot, IoCompletion done) {
        root = bytesOf(newRoot);
        rootOrder = order;
        later(() -> done.ended(null));
    }

    @Override
    public void writeCopyState(long order, ByteBuffer newState, IoCompletion done) {
        copyState = bytesOf(newState);
        copyStateOrder = order;
        later(() -> done.ended(null));
    }

    @Override
    public void recover(CpId committed, IoCompletion done) {
        later(() -> done.ended(null));
    }

    private void later(Runnable task) {
        EventLoop at = loop;
        if (at != null) {
            at.execute(task);
        }
    }

    private static byte[] bytesOf(ByteBuffer buffer) {
        byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }
}
