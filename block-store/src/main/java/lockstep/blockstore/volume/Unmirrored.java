package lockstep.blockstore.volume;

import lockstep.blockstore.log.EntryCodec;
import lockstep.blockstore.log.LogEntry;

/// What is sequenced while the mirror may lack it, as long as somebody counts; and how much of that
/// there may be. Bytes are those of log entries.
public final class Unmirrored {
    private boolean counting;
    private boolean spent;
    private long writes;
    private long bytes;
    private long bytesMax = Long.MAX_VALUE;
    private Runnable whenSpent = Unmirrored::nothing;

    Unmirrored() {}

    private static void nothing() {}

    /// Counts from now on, from nothing if it did not already. No entry is sequenced that would
    /// make it more than `most` bytes: `whenAsked` is called instead.
    public void begin(long most, Runnable whenAsked) {
        if (!counting) {
            counting = true;
            writes = 0;
            bytes = 0;
        }
        spent = false;
        bytesMax = most;
        whenSpent = whenAsked;
    }

    /// The mirror has everything: nothing is counted any more.
    public void end() {
        counting = false;
        spent = false;
        writes = 0;
        bytes = 0;
        bytesMax = Long.MAX_VALUE;
        whenSpent = Unmirrored::nothing;
    }

    /// Entries, of all kinds.
    public long writes() {
        return writes;
    }

    /// Bytes of these entries.
    public long bytes() {
        return bytes;
    }

    /// Nothing more may be sequenced until the mirror has everything, or somebody begins anew.
    void spend() {
        spent = counting;
    }

    boolean isSpent() {
        return spent;
    }

    /// Whether a command of at most `most` bytes may be sequenced.
    boolean allows(long most) {
        if (counting && !spent && most > bytesMax - bytes) {
            spent = true;
            whenSpent.run();
        }
        return !spent;
    }

    void count(LogEntry entry) {
        if (counting) {
            writes++;
            bytes += EntryCodec.encodedLength(entry);
        }
    }
}
