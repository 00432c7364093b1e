package lockstep.blockstore.raid;

import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/// Writes the blocks of one consistency point to one group, in rounds. A round is: dirty note,
/// durable; data and parity, some chunks at a time; changed checksum pages, each as soon as no
/// chunk to come changes it, because all of them at the end are many small requests while which the
/// disks have nothing else to do. With all disks there, a round ends only where the note is full.
/// With a data disk missing, a round is as large as the partial-parity area: its chunks are
/// prepared first, because what is rescued by them has to be durable with the note, and the group
/// is flushed before the next note, of whichever round it is. A disk that is rebuilt is there in
/// the stripes that are done and missing behind them: no round has stripes of both kinds.
final class GroupWriter {
    // Of two whole chunks, 512 KiB on each disk: enough that the disks have work while one chunk is
    // waited for.
    private static final int STRIPES_UNDER_WAY = 2 * StripeChunk.MAXIMUM;

    // Where it is not urgent, one chunk: so little that a commit of the log on the same device does
    // not wait long behind it. Less at a time would cost more requests than it shortens waits.
    private static final int STRIPES_IF_CALM = StripeChunk.MAXIMUM;

    // Of chunks with few blocks more, as each of them is read for first, and waits for that.
    private static final int CHUNKS_UNDER_WAY = 6;

    // Stripes no further apart go into one chunk: one of few blocks costs as much as one of many.
    private static final int NEIGHBOURS = 8;

    // Of which XOR and checksums take well under a millisecond.
    private static final int BLOCKS_OF_A_SLICE = 256;

    private static final long STRIPES_OF_A_SPAN =
            (long) DiskLayout.PAGES_TOGETHER * DiskLayout.ENTRIES_PER_PAGE;

    private final RaidGroup group;
    private final CpId cp;
    private final ArrayDeque<StripeChunk.Put> left;
    private final BooleanSupplier urgent;
    private final IoCompletion done;
    private @Nullable IoFault fault;
    private boolean unsorted;

    /// Writes `puts`, sorted by dbn, in no hurry while it is not `urgent`; `done` comes when all is
    /// written, not yet flushed.
    GroupWriter(
            RaidGroup group,
            CpId cp,
            List<StripeChunk.Put> puts,
            BooleanSupplier urgent,
            IoCompletion done) {
        this.group = group;
        this.cp = cp;
        this.left = new ArrayDeque<>(puts);
        this.urgent = urgent;
        this.done = done;
    }

    void run() {
        if (left.isEmpty() || fault != null) {
            done.ended(fault);
            return;
        }
        if (unsorted) {
            List<StripeChunk.Put> again = new ArrayList<>(left);
            again.sort(StripeChunk.BY_STRIPE);
            left.clear();
            left.addAll(again);
            unsorted = false;
        }
        boolean degraded = rescues(left.getFirst().dbn());
        if (isFlushedFirst(degraded)) {
            group.flush(this::goOn);
            return;
        }
        List<List<StripeChunk.Put>> parts = new ArrayList<>();
        NotedRanges ranges = new NotedRanges(group.slots());
        int stripes = degraded ? DiskLayout.PARTIAL_PARITY_BLOCKS : Integer.MAX_VALUE;
        take(parts, ranges, stripes, degraded);
        List<DirtyNote.BlockRange> noted = ranges.all();
        if (degraded) {
            List<StripeChunk> chunks = new ArrayList<>();
            parts.forEach(part -> chunks.add(new StripeChunk(group, cp, part)));
            prepareAll(chunks, noted);
        } else {
            Stream stream = new Stream(parts);
            group.notes().write(cp, noted, new TreeMap<>(), stream::begin);
        }
    }

    // The next note is the newest, and would say nothing of what was rescued with the one before.
    private boolean isFlushedFirst(boolean degraded) {
        NoteLog notes = group.notes();
        // Half of the room: ranges are counted as if nothing joined, which it mostly does.
        return notes.isOpen() && (degraded || notes.holdsRescued() || notes.room() < 256);
    }

    private boolean rescues(long dbn) {
        int missing = group.disks().missingAt(dbn);
        return missing >= 0 && missing != group.disks().paritySlot();
    }

    // Cuts the next stripes into chunks of neighbours, as many as note and area have room for.
    private void take(
            List<List<StripeChunk.Put>> parts, NotedRanges ranges, int stripes, boolean degraded) {
        int room = group.notes().room();
        int taken = 0;
        long lastDbn = -1;
        List<StripeChunk.Put> part = List.of();
        while (!left.isEmpty()) {
            StripeChunk.Put next = left.peekFirst();
            if (next.dbn() != lastDbn) {
                // A stripe is never split over two rounds.
                boolean full = taken == stripes || ranges.size() + group.slots() > room;
                if (full || rescues(next.dbn()) != degraded) {
                    return;
                }
                taken++;
                boolean joins = lastDbn >= 0 && next.dbn() - lastDbn <= NEIGHBOURS;
                if (!joins || next.dbn() - part.getFirst().dbn() >= StripeChunk.MAXIMUM) {
                    part = new ArrayList<>();
                    parts.add(part);
                }
                lastDbn = next.dbn();
            }
            left.removeFirst();
            part.add(next);
            ranges.add(next.slot(), next.dbn());
        }
    }

    private void goOn(@Nullable IoFault ended) {
        if (fault == null) {
            fault = ended;
        }
        run();
    }

    // To a round of a degraded group, which comes next.
    private void postpone(List<StripeChunk.Put> part) {
        left.addAll(part);
        unsorted = true;
    }

    // Degraded: everything is read and rescued before the note.
    private void prepareAll(List<StripeChunk> chunks, List<DirtyNote.BlockRange> ranges) {
        List<StripeChunk> ready = new ArrayList<>();
        Together prepared = new Together(ended -> noteAll(ended, ready, ranges));
        for (StripeChunk chunk : chunks) {
            IoCompletion one = prepared.one();
            chunk.prepare(
                    ended -> {
                        if (ended == null) {
                            ready.add(chunk);
                        }
                        one.ended(ended);
                    });
        }
        prepared.start();
    }

    private void noteAll(
            @Nullable IoFault ended, List<StripeChunk> ready, List<DirtyNote.BlockRange> ranges) {
        if (ended != null) {
            ready.forEach(StripeChunk::release);
            goOn(ended);
            return;
        }
        TreeMap<Long, ByteBuffer> rescued = new TreeMap<>();
        ready.forEach(chunk -> rescued.putAll(chunk.rescued()));
        group.notes()
                .write(
                        cp,
                        ranges,
                        rescued,
                        noteFault -> {
                            if (noteFault != null) {
                                ready.forEach(StripeChunk::release);
                                goOn(noteFault);
                                return;
                            }
                            if (ready.stream().anyMatch(StripeChunk::isOvertaken)) {
                                ready.forEach(StripeChunk::release);
                                ready.forEach(chunk -> postpone(chunk.blocks()));
                                goOn(null);
                                return;
                            }
                            Together written = new Together(this::writePages);
                            ready.forEach(chunk -> chunk.write(written.one()));
                            written.start();
                        });
    }

    private void writePages(@Nullable IoFault ended) {
        if (ended != null) {
            goOn(ended);
        } else {
            group.checksums().writes().writeDirty(this::goOn);
        }
    }

    // Healthy: a bounded number of chunks at a time.
    private final class Stream {
        private final ArrayDeque<List<StripeChunk.Put>> waiting;
        private final PagesAhead pages;
        // First stripes of the chunks under way.
        private final TreeSet<Long> begun = new TreeSet<>();
        private int underWay;
        private int blocksUnderWay;
        private boolean filling;
        private boolean ended;
        private int inThisSlice;
        private boolean pagesUnderWay;
        private long spansBehind;
        private @Nullable IoFault streamFault;

        Stream(List<List<StripeChunk.Put>> parts) {
            this.waiting = new ArrayDeque<>(parts);
            this.pages = new PagesAhead(group.checksums(), parts);
            pages.loadFrom(parts.getFirst().getFirst().dbn());
        }

        void begin(@Nullable IoFault noteFault) {
            if (noteFault != null) {
                goOn(noteFault);
            } else {
                fill();
            }
        }

        void fill() {
            // A chunk may end inside prepare; the loop that runs already takes the next one.
            if (filling || ended) {
                return;
            }
            filling = true;
            while (!waiting.isEmpty() && streamFault == null && hasRoomFor(waiting.getFirst())) {
                if (rescues(waiting.getFirst().getLast().dbn())) {
                    postpone(waiting.removeFirst());
                    continue;
                }
                begin(new StripeChunk(group, cp, waiting.removeFirst()));
                if (inThisSlice > BLOCKS_OF_A_SLICE && !waiting.isEmpty()) {
                    // The lane that is held open here keeps the stream from ending meanwhile.
                    underWay++;
                    group.disks().loop().execute(() -> ended(null));
                    break;
                }
            }
            filling = false;
            inThisSlice = 0;
            writePagesBehind();
            if (underWay == 0 && !pagesUnderWay && !ended) {
                ended = true;
                writePages(streamFault);
            }
        }

        private boolean hasRoomFor(List<StripeChunk.Put> part) {
            int stripes = urgent.getAsBoolean() ? STRIPES_UNDER_WAY : STRIPES_IF_CALM;
            boolean fits = blocksUnderWay + part.size() <= stripes * (group.slots() - 1);
            return underWay == 0 || (underWay < CHUNKS_UNDER_WAY && fits);
        }

        private void begin(StripeChunk next) {
            pages.loadFrom(next.dbn());
            underWay++;
            blocksUnderWay += next.blocks().size();
            begun.add(next.dbn());
            inThisSlice += next.blocks().size();
            next.prepare(fault -> prepared(next, fault));
        }

        private void prepared(StripeChunk chunk, @Nullable IoFault fault) {
            if (fault != null) {
                ended(chunk, fault);
            } else if (rescues(chunk.blocks().getLast().dbn())) {
                // A data disk left meanwhile: what this would cost in a crash is not saved.
                chunk.release();
                postpone(chunk.blocks());
                ended(chunk, null);
            } else {
                chunk.write(writeFault -> ended(chunk, writeFault));
            }
        }

        private void ended(StripeChunk chunk, @Nullable IoFault fault) {
            begun.remove(chunk.dbn());
            blocksUnderWay -= chunk.blocks().size();
            ended(fault);
        }

        private void ended(@Nullable IoFault fault) {
            Check.that(underWay > 0, "a chunk ends once");
            underWay--;
            streamFault = streamFault == null ? fault : streamFault;
            fill();
        }

        // Chunks begin in the order of their stripes, so what is behind the first stays as it is.
        // Pages that stand together go together.
        private void writePagesBehind() {
            if (pagesUnderWay || streamFault != null || begun.isEmpty()) {
                return;
            }
            long span = begun.first() / STRIPES_OF_A_SPAN;
            if (span > spansBehind) {
                spansBehind = span;
                pagesUnderWay = true;
                group.checksums()
                        .writes()
                        .writeDirtyBelow(span * STRIPES_OF_A_SPAN, this::pagesWritten);
            }
        }

        private void pagesWritten(@Nullable IoFault fault) {
            pagesUnderWay = false;
            streamFault = streamFault == null ? fault : streamFault;
            fill();
        }
    }
}
