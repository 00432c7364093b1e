package lockstep.replication.source;

import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Encoded log entries on their way to the mirror, in chunks that are sent as they are and kept
/// until the mirror has stored them, so that a new link can be sent them again.
final class EntryBacklog {
    private static final int LEAST_BYTES = 16 << 10;

    // Of a chunk, and of a frame of several; an entry that is longer is alone in both.
    private static final int MOST_BYTES = 256 << 10;

    /// Entries that were not sent before, of one half, in pieces that hold whole ones. The pieces
    /// are views of what is kept: good until it is stored. A log that has those which were never
    /// sent in one commit needs `fewerBytes` less for them than if each were alone there.
    record Unsent(
            long half, long firstSequence, int count, List<ByteBuffer> pieces, long fewerBytes) {}

    private static final class Chunk {
        final long half;
        final long firstSequence;
        final ByteBuffer bytes;
        long lastSequence;
        int sent;
        int count;
        int sentCount;
        // Of the entries that were never sent: their length, and what each takes alone in a log.
        long newBytes;
        long newBytesAlone;

        private Chunk(long half, long firstSequence, int size) {
            this.half = half;
            this.firstSequence = firstSequence;
            this.bytes = ByteBuffer.allocate(size);
        }
    }

    private final ArrayDeque<Chunk> chunks = new ArrayDeque<>();
    private long bytes;

    /// Adds a copy of `borrowed`, which was never sent.
    void add(long half, LogEntry borrowed) {
        int length = EntryCodec.encodedLength(borrowed);
        Chunk chunk = room(half, borrowed.position().sequence(), length);
        EntryCodec.encode(borrowed, chunk.bytes);
        chunk.newBytes += length;
        chunk.newBytesAlone += EntryCodec.aloneBytes(length);
        added(chunk, borrowed.position().sequence(), length);
    }

    /// Adds an entry that is encoded already, and may have been sent over another link.
    void add(long half, long sequence, ByteBuffer encoded) {
        Chunk chunk = room(half, sequence, encoded.remaining());
        int length = encoded.remaining();
        chunk.bytes.put(encoded.duplicate());
        added(chunk, sequence, length);
    }

    /// Takes what was not sent and fits a frame, which is sent from now on; null if all was. What
    /// came in one turn of the loop leaves in one frame, so the mirror has it in one commit too: of
    /// several it would begin with the first, and need a second commit for the rest.
    @Nullable Unsent takeUnsent() {
        List<ByteBuffer> pieces = new ArrayList<>();
        Chunk first = null;
        long firstSequence = 0;
        int count = 0;
        int bytesTaken = 0;
        long newBytes = 0;
        long newBytesAlone = 0;
        for (Chunk chunk : chunks) {
            int unsent = chunk.bytes.position() - chunk.sent;
            if (unsent == 0) {
                continue;
            }
            if (first == null) {
                first = chunk;
                firstSequence = chunk.firstSequence + chunk.sentCount;
            } else if (chunk.half != first.half || bytesTaken + unsent > MOST_BYTES) {
                break;
            }
            pieces.add(chunk.bytes.duplicate().flip().position(chunk.sent));
            bytesTaken += unsent;
            count += chunk.count - chunk.sentCount;
            chunk.sent = chunk.bytes.position();
            chunk.sentCount = chunk.count;
            newBytes += chunk.newBytes;
            newBytesAlone += chunk.newBytesAlone;
            chunk.newBytes = 0;
            chunk.newBytesAlone = 0;
        }
        if (first == null) {
            return null;
        }
        long fewer = newBytes == 0 ? 0 : newBytesAlone - EntryCodec.aloneBytes(newBytes);
        return new Unsent(first.half, firstSequence, count, pieces, fewer);
    }

    /// Everything up to `sequence` is stored.
    void stored(long sequence) {
        while (!chunks.isEmpty() && chunks.element().lastSequence <= sequence) {
            Chunk done = chunks.remove();
            bytes -= done.bytes.position();
        }
    }

    /// A new link: everything behind `sequence` has to be sent again.
    void resendAfter(long sequence) {
        stored(sequence);
        for (Chunk chunk : chunks) {
            chunk.sent = 0;
            chunk.sentCount = 0;
            if (chunk.firstSequence <= sequence) {
                skip(chunk, sequence - chunk.firstSequence + 1);
            }
        }
    }

    void clear() {
        chunks.clear();
        bytes = 0;
    }

    /// Bytes kept.
    long bytes() {
        return bytes;
    }

    private Chunk room(long half, long sequence, int length) {
        Chunk last = chunks.peekLast();
        if (last != null && last.half == half && last.bytes.remaining() >= length) {
            return last;
        }
        // As large as what waits already: one command at a time needs no large chunk each.
        int size = Math.clamp(bytes, LEAST_BYTES, MOST_BYTES);
        Chunk fresh = new Chunk(half, sequence, Math.max(length, size));
        chunks.add(fresh);
        return fresh;
    }

    private void added(Chunk chunk, long sequence, int length) {
        chunk.lastSequence = sequence;
        chunk.count++;
        bytes += length;
    }

    /// Steps over the first `entries` entries: sequences in a chunk follow each other without a
    /// gap.
    private static void skip(Chunk chunk, long entries) {
        for (long i = 0; i < entries; i++) {
            try {
                ByteBuffer rest = chunk.bytes.duplicate().flip().position(chunk.sent);
                chunk.sent += EntryCodec.lengthAt(rest);
            } catch (lockstep.blockstore.log.MalformedEntry e) {
                throw new lockstep.blockstore.base.BrokenInvariant(
                        "an entry encoded here decodes here: " + e.getMessage());
            }
            chunk.sentCount++;
        }
    }
}
