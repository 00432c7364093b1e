package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A block space without disks, for tests of what is above it: blocks become readable at once, and
/// a crash keeps all of them. It checks what a space may ask of its user.
final class MemorySpace implements BlockSpace {
    private final Map<Long, byte[]> blocks = new HashMap<>();
    private final long size;
    private @Nullable EventLoop loop;
    byte @Nullable [] root;
    long rootOrder;
    byte @Nullable [] state;
    long stateOrder;

    MemorySpace(long size) {
        this.size = size;
    }

    MemorySpace attach(EventLoop newLoop) {
        loop = newLoop;
        return this;
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
        later(
                () -> {
                    byte[] content = blocks.get(vbn);
                    boolean right = content != null && Crc32c.of(ByteBuffer.wrap(content)) == crc;
                    if (right) {
                        into.put(0, content);
                    }
                    done.ended(right);
                });
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        later(
                () -> {
                    List<Boolean> readable = new ArrayList<>();
                    for (int i = 0; i < crcs.length; i++) {
                        byte[] content = blocks.get(vbn + i);
                        boolean right =
                                content != null && Crc32c.of(ByteBuffer.wrap(content)) == crcs[i];
                        if (right) {
                            into.get(i).put(0, content);
                        }
                        readable.add(right);
                    }
                    done.ended(readable);
                });
    }

    @Override
    public Writer begin(CpId cp) {
        return new Writer() {
            private final List<Runnable> puts = new ArrayList<>();

            @Override
            public void put(long vbn, ByteBuffer content, int crc) {
                Check.that(vbn > 0 && vbn < size, "a VBN lies inside the space");
                puts.add(
                        () -> {
                            byte[] copy = new byte[Blocks.SIZE];
                            content.get(0, copy);
                            Check.that(
                                    Crc32c.of(ByteBuffer.wrap(copy)) == crc,
                                    "lent content does not change");
                            blocks.put(vbn, copy);
                        });
            }

            @Override
            public void writeOut(IoCompletion done) {
                later(
                        () -> {
                            puts.forEach(Runnable::run);
                            puts.clear();
                            done.ended(null);
                        });
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
        byte[] bytes = bytesOf(newRoot);
        later(
                () -> {
                    root = bytes;
                    rootOrder = order;
                    done.ended(null);
                });
    }

    @Override
    public void writeCopyState(long order, ByteBuffer newState, IoCompletion done) {
        byte[] bytes = bytesOf(newState);
        later(
                () -> {
                    state = bytes;
                    stateOrder = order;
                    done.ended(null);
                });
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
