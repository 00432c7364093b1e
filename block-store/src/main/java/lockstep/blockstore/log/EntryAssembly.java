package lockstep.blockstore.log;

import java.nio.ByteBuffer;
import java.util.List;

/// Joins the payloads of a half's batches and cuts them into entries. An entry that lies within one
/// payload is a view of it; one that goes over several is copied together.
final class EntryAssembly {
    private ByteBuffer rest = ByteBuffer.allocate(0);

    /// Adds the entries that end in `payload` to `into`.
    void add(ByteBuffer payload, List<LogEntry> into) throws MalformedEntry {
        ByteBuffer bytes = rest.hasRemaining() ? joined(payload) : payload;
        while (isWhole(bytes)) {
            into.add(EntryCodec.decode(bytes));
        }
        rest = bytes;
    }

    // What is left over is shorter than one entry, so this is bounded.
    private ByteBuffer joined(ByteBuffer payload) {
        ByteBuffer joined = ByteBuffer.allocate(rest.remaining() + payload.remaining());
        return joined.put(rest).put(payload).flip();
    }

    private static boolean isWhole(ByteBuffer bytes) throws MalformedEntry {
        return bytes.remaining() >= EntryCodec.HEAD_BYTES
                && bytes.remaining() >= EntryCodec.lengthAt(bytes);
    }

    /// Whether an entry has begun and not ended.
    boolean isMidEntry() {
        return rest.hasRemaining();
    }
}
