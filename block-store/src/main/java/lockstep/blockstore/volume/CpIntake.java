package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.block.BlockPatch;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// One consistency point on its way into a mirror. Blocks are gathered and written out many at a
/// time: each time is a dirty note, and cuts through stripes whose other blocks come later.
/// Contents take memory until they are written, so fewer of them are gathered than of references to
/// what the log's half holds anyway, and the source is told of them later; even a first copy of a
/// whole volume needs little memory. Nothing is visible before the superblock.
final class CpIntake {
    private static final int BLOCKS_PER_WRITE_OUT = 32768;
    private static final int CONTENTS_PER_WRITE_OUT = 4096;

    // With the contents that are gathered and not yet enough this is less than the blocks that a
    // source has under way at most, or both would wait for each other.
    private static final int BLOCKS_PER_TELLING = 2048;

    private static final int READS_AT_ONCE = 64;

    // It is urgent when this share of the entries that it holds came behind it: the source makes
    // its next one when this is committed.
    private static final int URGENT_SHARE = 4;

    private record Change(long vbn, int crc, long baseVbn, int baseCrc, ByteBuffer patch) {}

    private record Changed(long vbn, int crc, ByteBuffer block) {}

    private final VolumeCopy copy;
    private final BaseBlocks bases;
    private final CpId cp;
    private final long upTo;
    private final boolean proves;
    private final MirrorLog log;
    private final long urgentFrom;
    private final MirrorVolume.Observer observer;
    private final SetHash digest = new SetHash();
    private final ArrayDeque<Change> changes = new ArrayDeque<>();
    private List<ByteBuffer> pooled = new ArrayList<>();
    private List<Changed> changed = new ArrayList<>();
    private BlockSpace.@Nullable Writer writer;
    private int gathered;
    private int contentsGathered;
    private long contentsHeld;
    private long received;
    private long told;
    private int reading;
    private boolean writing;
    private boolean abandoned;
    private boolean hurried;
    private boolean isProven;
    private @Nullable String refused;
    private @Nullable IoFault failed;
    private @Nullable Runnable whenWritten;
    private @Nullable ImageProof proof;

    /// `proves`: it is committed only with an [ImageProof]. `log` is what the mirror is sent
    /// meanwhile.
    CpIntake(
            VolumeCopy copy,
            BaseBlocks bases,
            CpId cp,
            long upTo,
            boolean proves,
            MirrorLog log,
            MirrorVolume.Observer observer) {
        this.copy = copy;
        this.bases = bases;
        this.cp = cp;
        this.upTo = upTo;
        this.proves = proves;
        this.log = log;
        this.urgentFrom = upTo + (upTo - copy.root().upTo().sequence()) / URGENT_SHARE;
        this.observer = observer;
    }

    CpId cp() {
        return cp;
    }

    /// What its blocks come to, by the checksums that were computed here; of a block that comes as
    /// a change by the one that its content must have, because without that nothing is committed.
    SetHash.Value digest() {
        return digest.value();
    }

    /// Whether `root` is that of the consistency point received, and has room here.
    boolean matches(VolumeRoot root) {
        boolean mine = root.volume().equals(copy.id()) && root.vbnCount() <= copy.space().size();
        return mine && root.cp().equals(cp) && root.upTo().sequence() == upTo;
    }

    boolean data(long vbn, ByteBuffer borrowed) {
        if (!isVbn(vbn) || borrowed.remaining() != Blocks.SIZE || whenWritten != null) {
            return false;
        }
        ByteBuffer content = copy.pool().take();
        content.put(0, borrowed, borrowed.position(), Blocks.SIZE);
        pooled.add(content);
        int crc = Crc32c.of(borrowed, borrowed.position(), Blocks.SIZE);
        digest.add(vbn, crc);
        putContent(vbn, content, crc);
        return true;
    }

    boolean reference(long vbn, ByteBuffer content, int crc) {
        if (!isVbn(vbn) || whenWritten != null) {
            return false;
        }
        digest.add(vbn, crc);
        put(vbn, content, crc);
        return true;
    }

    /// The base is in memory, or is read, a few at a time; whether the result is right its checksum
    /// says.
    boolean change(long vbn, int crc, long baseVbn, int baseCrc, ByteBuffer borrowedPatch) {
        if (!isVbn(vbn) || !isVbn(baseVbn) || whenWritten != null) {
            return false;
        }
        ByteBuffer patch = ByteBuffer.allocate(borrowedPatch.remaining());
        patch.put(borrowedPatch.duplicate()).flip();
        digest.add(vbn, crc);
        changes.add(new Change(vbn, crc, baseVbn, baseCrc, patch));
        readBases();
        return true;
    }

    private void readBases() {
        while (reading < READS_AT_ONCE && !changes.isEmpty()) {
            Change change = changes.remove();
            ByteBuffer kept = bases.take(change.baseVbn, change.baseCrc);
            if (kept != null && becomes(change, kept)) {
                put(change, kept);
                continue;
            }
            ByteBuffer block = kept == null ? copy.pool().take() : kept;
            reading++;
            copy.space()
                    .read(
                            change.baseVbn,
                            change.baseCrc,
                            block,
                            readable -> baseRead(change, block, readable));
        }
    }

    private void baseRead(Change change, ByteBuffer block, boolean readable) {
        reading--;
        if (abandoned) {
            pooled.add(block);
            writeOut();
            return;
        }
        if (readable && becomes(change, block)) {
            put(change, block);
        } else {
            pooled.add(block);
            refuse("block " + change.vbn + " does not follow from block " + change.baseVbn);
        }
        readBases();
        if (whenWritten != null) {
            writeOut();
        }
    }

    private static boolean becomes(Change change, ByteBuffer block) {
        block.clear();
        return BlockPatch.apply(change.patch, block)
                && Crc32c.of(block, 0, Blocks.SIZE) == change.crc;
    }

    private void put(Change change, ByteBuffer block) {
        changed.add(new Changed(change.vbn, change.crc, block));
        putContent(change.vbn, block, change.crc);
    }

    private void refuse(String why) {
        if (refused == null) {
            refused = why;
            observer.refused(cp, why);
        }
    }

    /// Why it can not be committed; null if all is well so far.
    @Nullable String refused() {
        return refused;
    }

    /// `done` gets null and the root is not committed, if something was [#refused].
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
        abandoned = true;
        changes.clear();
        gathered = 0;
        contentsGathered = 0;
        writeOut();
    }

    private boolean isVbn(long vbn) {
        return vbn > 0 && vbn < copy.space().size();
    }

    private void putContent(long vbn, ByteBuffer content, int crc) {
        contentsGathered++;
        contentsHeld++;
        put(vbn, content, crc);
    }

    private void put(long vbn, ByteBuffer content, int crc) {
        BlockSpace.Writer into = writer;
        if (into == null) {
            into = copy.space().begin(cp);
            into.calmUnless(this::isUrgent);
            writer = into;
        }
        into.put(vbn, content, crc);
        gathered++;
        received++;
        if (isEnough()) {
            writeOut();
        }
        if (received - contentsHeld >= told + BLOCKS_PER_TELLING) {
            tell();
        }
    }

    /// Whether its end is waited for, or soon will be.
    boolean isUrgent() {
        boolean resync = copy.state().sync() != CopyState.Sync.IN_SYNC;
        return resync || hurried || abandoned || log.end().sequence() >= urgentFrom;
    }

    private boolean isEnough() {
        return gathered >= BLOCKS_PER_WRITE_OUT || contentsGathered >= CONTENTS_PER_WRITE_OUT;
    }

    private void tell() {
        told = received - contentsHeld;
        observer.written(cp, told);
    }

    /// Writes what was gathered; one such write at a time, the rest waits for the next.
    private void writeOut() {
        if (writing) {
            return;
        }
        BlockSpace.Writer into = writer;
        Runnable next = whenWritten;
        if (into == null || gathered == 0 || failed != null) {
            if (next != null && reading == 0 && changes.isEmpty()) {
                whenWritten = () -> {};
                next.run();
            }
            return;
        }
        writing = true;
        gathered = 0;
        int contents = contentsGathered;
        contentsGathered = 0;
        List<ByteBuffer> mine = pooled;
        pooled = new ArrayList<>();
        List<Changed> kept = changed;
        changed = new ArrayList<>();
        into.writeOut(
                fault -> {
                    writing = false;
                    mine.forEach(copy.pool()::give);
                    kept.forEach(c -> bases.keep(c.vbn, c.crc, c.block));
                    failed = failed == null ? fault : failed;
                    contentsHeld -= contents;
                    tell();
                    if (whenWritten != null || isEnough()) {
                        writeOut();
                    }
                });
    }

    private void flush(VolumeRoot root, IoCompletion done) {
        BlockSpace.Writer into = writer;
        if (refused != null && failed == null) {
            done.ended(null);
            return;
        }
        if (failed != null || into == null) {
            releasePooled();
            prove(root, failed, done);
            return;
        }
        into.flush(fault -> prove(root, fault, done));
    }

    private void prove(VolumeRoot root, @Nullable IoFault fault, IoCompletion done) {
        if (!proves || fault != null) {
            commitRoot(root, fault, done);
            return;
        }
        if (refused != null) {
            done.ended(null);
            return;
        }
        boolean hasImage = copy.state().sync() != CopyState.Sync.NO_IMAGE;
        proof =
                new ImageProof(
                        copy,
                        bases,
                        root,
                        hasImage ? copy.root().cp() : CpId.NONE,
                        digest(),
                        wrong -> proven(root, wrong, done));
        proof.start();
    }

    private void proven(VolumeRoot root, @Nullable String wrong, IoCompletion done) {
        proof = null;
        if (wrong != null) {
            refuse("it is not whole: " + wrong);
        }
        if (refused == null) {
            isProven = true;
            commitRoot(root, null, done);
        } else {
            done.ended(null);
        }
    }

    /// Who wants this dropped waits for its commit: that does not go on if the proof has not ended.
    void hurry() {
        hurried = true;
        if (proves && !isProven && refused == null) {
            refused = "it is wanted no more";
            if (proof != null) {
                proof.stop();
            }
        }
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
        changed.forEach(c -> copy.pool().give(c.block));
        changed.clear();
    }
}
