package lockstep.blockstore.log;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.log.LogFormat.BatchHeader;
import lockstep.blockstore.log.LogFormat.ChainId;
import lockstep.blockstore.log.LogFormat.Mark;
import lockstep.blockstore.log.LogFormat.SegmentHeader;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;

/// Walks one stream's live halves, segment by segment, in the order of (half, index), and comes to
/// a [LogVerdict]. Pure: bytes in, entries and verdict out.
///
/// It accepts a batch when it stands where the next one belongs, its checksum holds, and it
/// continues exactly the entry accepted last. At the first that does not, the half is broken: from
/// there on batches are no content any more, only evidence of what was settled.
final class LogScan {
    private final long logId;
    private final long floorHalf;
    private final ArrayDeque<Found> entries = new ArrayDeque<>();
    private final TreeSet<Long> halvesSeen = new TreeSet<>();
    private Mark last = Mark.NONE;
    private @Nullable ChainId chain;
    private EntryAssembly assembly = new EntryAssembly();
    private int nextIndex;
    private long nextNumber;
    private boolean broken;
    private boolean segmentMissing;
    private @Nullable LogVerdict refusal;
    private @Nullable LogVerdict torn;

    /// Scans halves from `floorHalf` on, in the log with id `logId`.
    LogScan(long logId, long floorHalf) {
        this.logId = logId;
        this.floorHalf = floorHalf;
    }

    /// An entry and the half it stands in.
    record Found(long half, LogEntry entry) {}

    /// Takes the next segment; `bytes` are kept, entries are views of them. Answers whether
    /// anything in it was accepted.
    boolean segment(SegmentHeader header, ByteBuffer bytes) {
        begin(header);
        boolean accepted = false;
        int at = LogFormat.SEGMENT_HEADER_BYTES;
        while (at < bytes.limit() && refusal == null) {
            BatchHeader batch = LogFormat.decodeBatch(bytes.slice(at, bytes.limit() - at));
            boolean ours = batch != null && isOurs(batch);
            if (batch != null && ours && !broken && accept(header, batch, bytes, at)) {
                accepted = true;
                at += (int) batch.paddedBytes();
                continue;
            }
            broken = true;
            if (batch != null && ours) {
                weigh(batch);
            }
            at += Blocks.SIZE;
        }
        return accepted;
    }

    private void begin(SegmentHeader header) {
        ChainId now = header.chain();
        if (chain == null || chain.half() != now.half()) {
            endHalf();
            chain = now;
            halvesSeen.add(now.half());
            assembly = new EntryAssembly();
            nextIndex = 0;
            nextNumber = 0;
            broken = false;
            segmentMissing = false;
        }
        boolean sameChain = chain.equals(now) && header.index() >= nextIndex;
        if (!sameChain) {
            refuse(new LogVerdict.Foreign(now.half(), last.position()));
        }
        if (header.index() > nextIndex) {
            broken = true;
            segmentMissing = true;
        }
        nextIndex = header.index() + 1;
    }

    private void endHalf() {
        if (chain != null && assembly.isMidEntry()) {
            tear();
        }
    }

    // Content of an earlier use of the segment has another nonce.
    private boolean isOurs(BatchHeader batch) {
        return chain != null
                && batch.segment().logId() == logId
                && batch.segment().chain().equals(chain);
    }

    private boolean accept(SegmentHeader header, BatchHeader batch, ByteBuffer bytes, int at) {
        int payloadAt = at + LogFormat.BATCH_HEADER_BYTES;
        boolean inPlace =
                batch.segment().index() == header.index()
                        && batch.number() == nextNumber
                        && batch.payloadBytes() <= bytes.limit() - payloadAt;
        if (!inPlace || !continuesLast(batch)) {
            return false;
        }
        if (Crc32c.of(bytes, payloadAt, batch.payloadBytes()) != batch.payloadCrc()) {
            tear();
            return false;
        }
        nextNumber++;
        take(batch, bytes.slice(payloadAt, batch.payloadBytes()));
        return true;
    }

    private boolean continuesLast(BatchHeader batch) {
        if (batch.continues().equals(last)) {
            return true;
        }
        boolean first = batch.continues().half() < floorHalf;
        if (first && !last.equals(Mark.NONE)) {
            refuse(new LogVerdict.Foreign(batch.segment().chain().half(), last.position()));
        }
        return first && last.equals(Mark.NONE);
    }

    private void take(BatchHeader batch, ByteBuffer payload) {
        List<LogEntry> ended = new ArrayList<>();
        try {
            assembly.add(payload, ended);
        } catch (MalformedEntry e) {
            refuseBatch(batch);
            return;
        }
        if (ended.size() != batch.entries()) {
            refuseBatch(batch);
            return;
        }
        for (LogEntry entry : ended) {
            if (entry.position().compareTo(last.position()) <= 0) {
                refuseBatch(batch);
                return;
            }
            add(batch.segment().chain().half(), entry);
        }
    }

    private void add(long half, LogEntry entry) {
        if (entry instanceof LogEntry.EpochOpened(_, Position from)) {
            while (!entries.isEmpty() && isPast(entries.getLast(), from)) {
                entries.removeLast();
            }
        }
        entries.add(new Found(half, entry));
        last = new Mark(half, entry.position());
    }

    private static boolean isPast(Found found, Position from) {
        return found.entry().position().compareTo(from) > 0;
    }

    private void refuseBatch(BatchHeader batch) {
        Position upTo = batch.settled().position();
        long half = batch.segment().chain().half();
        refuse(new LogVerdict.Damaged(half, last.position(), upTo));
    }

    // A batch behind a break: was anything behind the break durable when it was made?
    private void weigh(BatchHeader batch) {
        Mark settled = batch.settled();
        boolean pastFloor = settled.half() >= floorHalf;
        if (!pastFloor || settled.position().compareTo(last.position()) <= 0) {
            tear();
            return;
        }
        // The half that holds what is missing: was it seen at all, and all of it?
        long half = settled.half();
        boolean here = half == batch.segment().chain().half();
        boolean gap = here ? segmentMissing : !halvesSeen.contains(half);
        refuse(
                gap
                        ? new LogVerdict.Gap(half, last.position(), settled.position())
                        : new LogVerdict.Damaged(half, last.position(), settled.position()));
    }

    private void tear() {
        if (torn == null && chain != null) {
            torn = new LogVerdict.TornTail(chain.half(), last.position());
        }
    }

    private void refuse(LogVerdict verdict) {
        if (refusal == null) {
            refusal = verdict;
        }
    }

    /// No more segments.
    LogVerdict finish() {
        endHalf();
        if (refusal != null) {
            return refusal;
        }
        if (torn instanceof LogVerdict.TornTail(long half, _)) {
            return new LogVerdict.TornTail(half, last.position());
        }
        return new LogVerdict.Clean(last.position());
    }

    /// What may be delivered if the verdict allows it, in order.
    ArrayDeque<Found> entries() {
        return entries;
    }

    /// The last entry accepted, and its half.
    Mark last() {
        return last;
    }
}
