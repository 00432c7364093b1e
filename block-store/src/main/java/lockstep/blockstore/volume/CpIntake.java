package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// One consistency point on its way into a mirror. Blocks are gathered and written out some
/// thousand at a time, so that even a first copy of a whole volume needs little memory; nothing is
/// visible before the superblock.
final class CpIntake {
    private static final int BLOCKS_PER_WRITE_OUT = 4096;

    private final VolumeCopy copy;
    private final CpId cp;
    private final long upTo;
    private final MirrorVolume.Observer observer;
    private final SetHash digest = new SetHash();
    private List<ByteBuffer> pooled = new ArrayList<>();
    private BlockSpace.@Nullable Writer writer;
    private int gathered;
    private long received;
    private boolean writing;
    private @Nullable IoFault failed;
    private @Nullable Runnable whenWritten;

    CpIntake(VolumeCopy copy, CpId cp, long upTo, MirrorVolume.Observer observer) {
        this.copy = copy;
        this.cp = cp;
        this.upTo = upTo;
        this.observer = observer;
    }

    CpId cp() {
        return cp;
    }

    /// What its blocks come to, by the checksums that were computed here.
    SetHash.Value digest() {
        return digest.value();
    }

    /// Whether `root` is that of the consistency point received.
    boolean matches(VolumeRoot root) {
        return root.cp().equals(cp) && root.upTo().sequence() == upTo;
    }

    boolean data(long vbn, ByteBuffer borrowed) {
        if (!isVbn(vbn) || borrowed.remaining() != Blocks.SIZE || whenWritten != null) {
            return false;
        }
        ByteBuffer content = copy.pool().take();
        content.put(0, borrowed, borrowed.position(), Blocks.SIZE);
        pooled.add(content);
        put(vbn, content, Crc32c.of(borrowed, borrowed.position(), Blocks.SIZE));
        return true;
    }

    boolean reference(long vbn, ByteBuffer content, int crc) {
        if (!isVbn(vbn) || whenWritten != null) {
            return false;
        }
        put(vbn, content, crc);
        return true;
    }

    void commit(VolumeRoot root, IoCompletion done) {
        whenWritten = () -> flush(root, done);
        writeOut();
    }

    void abandon(IoCompletion done) {
        whenWritten =
                () -> {
                    releasePooled();
                    BlockSpace.Writer begun = writer;
                    if (begun == null) {
                        done.ended(null);
                    } else {
                        begun.abandon(done);
                    }
                };
        if (!writing) {
            whenWritten.run();
        }
    }

    private boolean isVbn(long vbn) {
        return vbn > 0 && vbn < copy.space().size();
    }

    private void put(long vbn, ByteBuffer content, int crc) {
        BlockSpace.Writer into = writer;
        if (into == null) {
            into = copy.space().begin(cp);
            writer = into;
        }
        digest.add(vbn, crc);
        into.put(vbn, content, crc);
        gathered++;
        received++;
        if (gathered >= BLOCKS_PER_WRITE_OUT) {
            writeOut();
        }
    }

    /// Writes what was gathered; one such write at a time, the rest waits for the next.
    private void writeOut() {
        if (writing) {
            return;
        }
        BlockSpace.Writer into = writer;
        Runnable next = whenWritten;
        if (into == null || gathered == 0 || failed != null) {
            if (next != null) {
                next.run();
            }
            return;
        }
        writing = true;
        gathered = 0;
        long covered = received;
        List<ByteBuffer> mine = pooled;
        pooled = new ArrayList<>();
        into.writeOut(
                fault -> {
                    writing = false;
                    mine.forEach(copy.pool()::give);
                    failed = failed == null ? fault : failed;
                    observer.written(cp, covered);
                    if (whenWritten != null || gathered >= BLOCKS_PER_WRITE_OUT) {
                        writeOut();
                    }
                });
    }

    private void flush(VolumeRoot root, IoCompletion done) {
        BlockSpace.Writer into = writer;
        if (failed != null || into == null) {
            releasePooled();
            commitRoot(root, failed, done);
            return;
        }
        into.flush(fault -> commitRoot(root, fault, done));
    }

    private void commitRoot(VolumeRoot root, @Nullable IoFault fault, IoCompletion done) {
        if (fault != null) {
            done.ended(fault);
            return;
        }
        copy.space()
                .commitRoot(
                        copy.nextRootOrder(),
                        root.encode(),
                        rootFault -> {
                            if (rootFault == null) {
                                copy.committed(root);
                                if (writer != null) {
                                    writer.committed();
                                }
                            }
                            done.ended(rootFault);
                        });
    }

    private void releasePooled() {
        pooled.forEach(copy.pool()::give);
        pooled.clear();
    }
}
