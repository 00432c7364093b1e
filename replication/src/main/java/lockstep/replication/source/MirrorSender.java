package lockstep.replication.source;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.MalformedEntry;
import lockstep.blockstore.volume.Mirror;
import lockstep.blockstore.volume.ReplayedEntry;
import lockstep.replication.link.PeerLink;
import lockstep.replication.source.EntryBacklog.Unsent;
import lockstep.replication.wire.BlockChange;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.ReferenceRun;
import lockstep.replication.wire.VolumeMessage;
import lockstep.replication.wire.VolumeMessage.Entries;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// An active volume's way to its mirror over one link. Entries leave at the end of the loop's turn,
/// many in a frame; blocks of a consistency point are gathered into runs. What goes is in order,
/// because one connection carries all of it.
///
/// When the link is lost this does nothing any more; what waits for it to be ready is told to go
/// on.
public final class MirrorSender implements Mirror {
    /// Hears of entries that leave for the first time, in one frame, which a mirror has in one
    /// commit. Over another link they may be sent again in other frames, as long as possible: what
    /// that costs at their ends is far less than what a mirror allows beside its quota.
    public interface Frames {
        /// Entries of half `half` take `fewerBytes` less of the mirror's log than if each were
        /// alone.
        void left(long half, long fewerBytes);
    }

    /// Bytes of blocks gathered before a frame is sent.
    private static final int FRAME_BYTES = 256 << 10;

    /// Runs of references gathered before a frame is sent.
    private static final int FRAME_RUNS = 4096;

    /// Blocks that may be under way before the mirror has taken them: written the contents, noted
    /// the references.
    private static final long BLOCKS_UNDER_WAY = 8192;

    private final VolumeId volume;
    private final Epoch epoch;
    private final EventLoop loop;
    private final PeerLink link;
    private final Frames frames;
    private final EntryBacklog backlog;
    private final List<ReferenceRun> references = new ArrayList<>();
    private final List<BlockRun> runs = new ArrayList<>();
    private final SetHash digest = new SetHash();
    private final List<BlockChange> changes = new ArrayList<>();
    private final ByteBuffer contents = ByteBuffer.allocateDirect(FRAME_BYTES);
    private final ArrayDeque<Runnable> waiting = new ArrayDeque<>();
    private @Nullable CpId cp;
    private long runVbn = -1;
    private int runStart;
    private long blocksSent;
    private long blocksWritten;
    private long logQuota = Long.MAX_VALUE;
    private boolean flushScheduled;
    private boolean announced;
    private boolean lost;
    private boolean wholeBlocks;
    private int changedBytes;

    /// Sends for `volume`, active in `epoch`, over `link`. `announced`: the mirror knows where the
    /// log goes on, because it was in sync; if not, the first entry tells it.
    public MirrorSender(
            VolumeId volume,
            Epoch epoch,
            EventLoop loop,
            PeerLink link,
            boolean announced,
            Frames frames) {
        this.volume = volume;
        this.epoch = epoch;
        this.loop = loop;
        this.link = link;
        this.announced = announced;
        this.frames = frames;
        this.backlog = new EntryBacklog();
    }

    /// Takes over what the sender over the last link could not deliver, behind what is stored.
    public void resendFrom(MirrorSender before, long storedUpTo) {
        for (ReplayedEntry entry : before.undelivered(storedUpTo)) {
            backlog.add(entry.half(), entry.sequence(), entry.encoded());
        }
        scheduleFlush();
    }

    /// Sends entries that were found in the log when the volume was opened, behind what is stored.
    public void send(List<ReplayedEntry> replayed, long storedUpTo) {
        for (ReplayedEntry entry : replayed) {
            if (entry.sequence() > storedUpTo) {
                backlog.add(entry.half(), entry.sequence(), entry.encoded());
            }
        }
        scheduleFlush();
    }

    /// The mirror has stored everything up to `sequence`.
    public void stored(long sequence) {
        backlog.stored(sequence);
    }

    /// The mirror has written `blocks` blocks of the consistency point under way.
    public void progress(CpId of, long blocks) {
        if (of.equals(cp)) {
            blocksWritten = Math.max(blocksWritten, blocks);
            goOn();
        }
    }

    /// The mirror keeps `bytes` of its log for this volume.
    public void logQuota(long bytes) {
        logQuota = bytes;
    }

    @Override
    public long logQuota() {
        return logQuota;
    }

    @Override
    public long unstoredBytes() {
        return backlog.bytes();
    }

    /// The link takes more.
    public void writable() {
        goOn();
    }

    /// The link, or the mirror at its other end, is lost.
    public void lost() {
        lost = true;
        goOn();
    }

    // The mirror alone may be lost, and its link still be up.
    private void send(VolumeMessage borrowed) {
        if (!lost) {
            link.send(volume, borrowed);
        }
    }

    /// Bytes of entries that the mirror has not stored.
    public long backlogBytes() {
        return backlog.bytes();
    }

    @Override
    public void ship(long half, LogEntry borrowed) {
        if (!announced) {
            announced = true;
            CpId known = cp == null ? CpId.NONE : cp;
            send(new VolumeMessage.GoLive(epoch, known, half, borrowed.position().sequence()));
        }
        // Kept when the link is lost too: the next link's sender asks for what this one has.
        backlog.add(half, borrowed);
        scheduleFlush();
    }

    @Override
    public void cpBegin(CpId begun, long upTo) {
        flushEntries();
        cp = begun;
        blocksSent = 0;
        blocksWritten = 0;
        digest.clear();
        send(new VolumeMessage.CpBegin(begun, upTo));
    }

    @Override
    public void cpData(long vbn, int crc, ByteBuffer borrowed) {
        digest.add(vbn, crc);
        flushReferences();
        if (vbn != runVbn || contents.position() == runStart) {
            closeRun();
            runStart = contents.position();
        }
        contents.put(borrowed.duplicate());
        runVbn = vbn + 1;
        blocksSent++;
        if (!contents.hasRemaining()) {
            flushData();
        }
    }

    @Override
    public void cpChange(
            BlockPointer now, BlockPointer base, ByteBuffer borrowedPatch, ByteBuffer borrowed) {
        if (wholeBlocks) {
            cpData(now.vbn(), now.crc(), borrowed);
            return;
        }
        digest.add(now.vbn(), now.crc());
        ByteBuffer patch = ByteBuffer.allocate(borrowedPatch.remaining());
        patch.put(borrowedPatch.duplicate()).flip();
        changes.add(new BlockChange(now.vbn(), now.crc(), base.vbn(), base.crc(), patch));
        changedBytes += patch.remaining();
        blocksSent++;
        if (changedBytes >= FRAME_BYTES || changes.size() == FRAME_RUNS) {
            flushChanges();
        }
    }

    /// From here on every block that goes by content goes whole: the mirror could not make sense of
    /// a change.
    public void sendWholeBlocks() {
        wholeBlocks = true;
    }

    @Override
    public void cpReference(long vbn, int crc, long sequence, int offset) {
        digest.add(vbn, crc);
        flushData();
        int last = references.size() - 1;
        blocksSent++;
        if (last >= 0 && references.get(last).continuesWith(vbn, sequence, offset)) {
            references.set(last, references.get(last).extended());
            return;
        }
        references.add(new ReferenceRun(vbn, 1, sequence, offset));
        if (references.size() == FRAME_RUNS) {
            flushReferences();
        }
    }

    @Override
    public void cpCommit(CpId committed, ByteBuffer borrowedRoot) {
        flushData();
        flushReferences();
        flushChanges();
        flushEntries();
        send(new VolumeMessage.CpDigest(committed, digest.value()));
        send(new VolumeMessage.CpCommit(committed, borrowedRoot));
    }

    @Override
    public boolean ready(Runnable whenReady) {
        if (isReady()) {
            return true;
        }
        // What is gathered counts as under way, so the mirror has to get it: it would be waited for
        // for ever otherwise.
        flushData();
        flushReferences();
        flushChanges();
        waiting.add(whenReady);
        return false;
    }

    private boolean isReady() {
        return lost || (link.writable() && blocksSent - blocksWritten < BLOCKS_UNDER_WAY);
    }

    private void goOn() {
        while (isReady() && !waiting.isEmpty()) {
            waiting.remove().run();
        }
    }

    private void scheduleFlush() {
        if (!flushScheduled) {
            flushScheduled = true;
            loop.execute(
                    () -> {
                        flushScheduled = false;
                        flushEntries();
                    });
        }
    }

    private void flushEntries() {
        Unsent unsent = lost ? null : backlog.takeUnsent();
        while (unsent != null) {
            send(new Entries(epoch, unsent.half(), unsent.count(), unsent.pieces()));
            frames.left(unsent.half(), unsent.fewerBytes());
            unsent = backlog.takeUnsent();
        }
    }

    private List<ReplayedEntry> undelivered(long storedUpTo) {
        backlog.resendAfter(storedUpTo);
        List<ReplayedEntry> entries = new ArrayList<>();
        for (Unsent u = backlog.takeUnsent(); u != null; u = backlog.takeUnsent()) {
            addEntriesOf(u, entries);
        }
        return entries;
    }

    private static void addEntriesOf(Unsent unsent, List<ReplayedEntry> entries) {
        long sequence = unsent.firstSequence();
        try {
            for (ByteBuffer piece : unsent.pieces()) {
                ByteBuffer rest = piece.duplicate();
                while (rest.hasRemaining()) {
                    ByteBuffer encoded = rest.slice(rest.position(), EntryCodec.lengthAt(rest));
                    entries.add(new ReplayedEntry(unsent.half(), sequence++, encoded));
                    rest.position(rest.position() + encoded.remaining());
                }
            }
        } catch (MalformedEntry e) {
            throw new BrokenInvariant("an entry encoded here decodes here: " + e.getMessage());
        }
    }

    private void closeRun() {
        if (contents.position() > runStart) {
            int length = contents.position() - runStart;
            long first = runVbn - length / Blocks.SIZE;
            runs.add(new BlockRun(first, contents.slice(runStart, length)));
            runStart = contents.position();
        }
    }

    private void flushData() {
        closeRun();
        CpId of = cp;
        if (!runs.isEmpty() && of != null) {
            send(new VolumeMessage.CpData(of, runs));
        }
        runs.clear();
        contents.clear();
        runStart = 0;
        runVbn = -1;
    }

    private void flushReferences() {
        CpId of = cp;
        if (!references.isEmpty() && of != null) {
            send(new VolumeMessage.CpReferences(of, references));
        }
        references.clear();
    }

    private void flushChanges() {
        CpId of = cp;
        if (!changes.isEmpty() && of != null) {
            send(new VolumeMessage.CpChanges(of, changes));
        }
        changes.clear();
        changedBytes = 0;
    }
}
