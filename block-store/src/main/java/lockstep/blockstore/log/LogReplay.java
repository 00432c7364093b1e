package lockstep.blockstore.log;

import lockstep.blockstore.io.BlockDevice;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoFault;
import lockstep.blockstore.log.LogFormat.SegmentHeader;
import lockstep.blockstore.log.LogScan.Found;
import lockstep.blockstore.log.LogStream.EntryHandler;
import lockstep.blockstore.log.LogStream.ReplayEnd;
import lockstep.blockstore.log.NvLog.FoundSegment;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/// One stream's replay: reads its live segments one by one, lets [LogScan] judge them, erases what
/// was found void, and delivers the entries in slices. A refused replay changes nothing, so it can
/// be tried again with the device read anew.
///
/// Void are segments in which nothing was accepted: remains of a commit that was torn. They are
/// erased before the replay ends, because a later replay with a higher floor could no longer tell
/// that they do not continue what was before them.
final class LogReplay {
    private static final int SLICE_ENTRIES = 64;
    private static final long SLICE_BYTES = 256 << 10;

    private final NvLog log;
    private final LogStream stream;
    private final long floorHalf;
    private final EntryHandler handler;
    private final ReplayEnd end;
    private final LogScan scan;
    private final List<FoundSegment> live = new ArrayList<>();
    private final List<Integer> voidSegments = new ArrayList<>();
    private final List<Extent> forFirst = new ArrayList<>();
    private final List<Extent> forSecond = new ArrayList<>();
    private final TreeMap<Long, LogHalf> halves = new TreeMap<>();
    private long highestHalf;

    LogReplay(NvLog log, LogStream stream, long floorHalf, EntryHandler handler, ReplayEnd end) {
        this.log = log;
        this.stream = stream;
        this.floorHalf = floorHalf;
        this.handler = handler;
        this.end = end;
        this.scan = new LogScan(log.id(), floorHalf);
        this.highestHalf = floorHalf - 1;
    }

    void start() {
        for (FoundSegment found : log.found(stream.volume())) {
            long half = found.header().chain().half();
            highestHalf = Math.max(highestHalf, half);
            if (half >= floorHalf) {
                live.add(found);
            }
        }
        log.loop().execute(() -> read(0));
    }

    private void read(int number) {
        if (number == live.size()) {
            judge();
            return;
        }
        long offset = log.pool().offset(live.get(number).segment());
        ByteBuffer bytes = ByteBuffer.allocate(log.pool().segmentBytes());
        BlockDevice second = log.copies().second();
        // What the header says is known, and it may be what cannot be read.
        int from = second == null ? LogFormat.SEGMENT_HEADER_BYTES : 0;
        ByteBuffer wanted = bytes.slice(from, bytes.capacity() - from);
        Extent extent = new Extent(offset + from, List.of(wanted));
        log.copies()
                .first()
                .read(
                        extent,
                        fault -> {
                            if (second == null) {
                                wasRead(number, bytes, fault);
                            } else {
                                readSecond(number, bytes, fault != null, second);
                            }
                        });
    }

    // Each copy completes the other.
    private void readSecond(int number, ByteBuffer first, boolean unreadable, BlockDevice device) {
        FoundSegment found = live.get(number);
        long offset = log.pool().offset(found.segment());
        ByteBuffer second = ByteBuffer.allocate(first.capacity());
        device.read(
                new Extent(offset, List.of(second.duplicate())),
                fault -> {
                    if (fault != null) {
                        // All of it is written again, which makes it readable.
                        forSecond.add(new Extent(offset, List.of(first.duplicate())));
                        wasRead(number, first, unreadable ? fault : null);
                        return;
                    }
                    if (unreadable) {
                        forFirst.add(new Extent(offset, List.of(second.duplicate())));
                        wasRead(number, second, null);
                        return;
                    }
                    SegmentMerge merge = new SegmentMerge(found.header(), first, second, offset);
                    merge.run();
                    forFirst.addAll(merge.forFirst());
                    forSecond.addAll(merge.forSecond());
                    wasRead(number, first, null);
                });
    }

    // Both copies hold what is replayed before anything of it is believed.
    private void mend(BlockDevice device, List<Extent> extents, Runnable next) {
        if (extents.isEmpty()) {
            next.run();
        } else {
            log.copies().repair(device, extents, _ -> next.run());
        }
    }

    private void wasRead(int number, ByteBuffer bytes, @Nullable IoFault fault) {
        if (fault != null) {
            refuse(new LogVerdict.Unreadable(scan.last().position(), fault));
            return;
        }
        FoundSegment found = live.get(number);
        SegmentHeader header = found.header();
        if (scan.segment(header, bytes)) {
            halves.computeIfAbsent(header.chain().half(), _ -> new LogHalf(header.chain()))
                    .found(found.segment(), log.pool().segmentBytes());
        } else {
            voidSegments.add(found.segment());
        }
        read(number + 1);
    }

    private void judge() {
        LogVerdict verdict = scan.finish();
        if (!verdict.replays()) {
            refuse(verdict);
            return;
        }
        BlockDevice first = log.copies().first();
        BlockDevice second = log.copies().second();
        if (second == null) {
            accept(verdict);
        } else {
            mend(first, forFirst, () -> mend(second, forSecond, () -> accept(verdict)));
        }
    }

    private void accept(LogVerdict verdict) {
        IoFault out = log.fault();
        if (out != null || log.copies().in().isEmpty()) {
            String name = stream.volume().toString();
            IoFault fault = out == null ? new IoFault(name, "replay", "no copy is left") : out;
            refuse(new LogVerdict.Unreadable(verdict.lastGood(), fault));
            return;
        }
        for (FoundSegment found : log.found(stream.volume())) {
            if (found.header().chain().half() < floorHalf) {
                log.pool().give(found.segment());
            }
        }
        log.disown(stream.volume());
        log.commits().erase(voidSegments, fault -> erased(verdict, fault));
    }

    private void erased(LogVerdict verdict, @Nullable IoFault fault) {
        if (fault != null) {
            refuse(new LogVerdict.Unreadable(scan.last().position(), fault));
            return;
        }
        // These are views of whole segments.
        forFirst.clear();
        forSecond.clear();
        stream.replayed(halves, scan.last(), highestHalf + 1);
        deliver(verdict);
    }

    // What is delivered is kept no more, nor a segment with nothing left to deliver: whoever takes
    // the entries has copies of its own by then.
    private void deliver(LogVerdict verdict) {
        ArrayDeque<Found> entries = scan.entries();
        long bytes = 0;
        for (int i = 0; i < SLICE_ENTRIES && bytes < SLICE_BYTES && !entries.isEmpty(); i++) {
            Found found = entries.remove();
            bytes += EntryCodec.encodedLength(found.entry());
            handler.entry(found.half(), found.entry());
        }
        if (!entries.isEmpty()) {
            log.loop().execute(() -> deliver(verdict));
        } else {
            end.ended(verdict, scan.last().position(), highestHalf);
        }
    }

    private void refuse(LogVerdict verdict) {
        stream.replayRefused();
        end.ended(verdict, verdict.lastGood(), highestHalf);
    }
}
