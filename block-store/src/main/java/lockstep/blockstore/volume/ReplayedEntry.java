package lockstep.blockstore.volume;

import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.MalformedEntry;

import java.nio.ByteBuffer;

/// An entry found in the log when the volume was opened: its half, its sequence, and its encoding.
/// Kept so that a mirror that lacks it can be sent it.
public record ReplayedEntry(long half, long sequence, ByteBuffer encoded) {
    /// A copy of `borrowed`.
    static ReplayedEntry of(long half, LogEntry borrowed) {
        ByteBuffer encoded = ByteBuffer.allocate(EntryCodec.encodedLength(borrowed));
        EntryCodec.encode(borrowed, encoded);
        return new ReplayedEntry(half, borrowed.position().sequence(), encoded.flip());
    }

    /// The entry; its buffers are views of [#encoded].
    public LogEntry decode() {
        try {
            return EntryCodec.decode(encoded.duplicate());
        } catch (MalformedEntry e) {
            throw new lockstep.blockstore.base.BrokenInvariant(
                    "an entry encoded here decodes here: " + e.getMessage());
        }
    }
}
