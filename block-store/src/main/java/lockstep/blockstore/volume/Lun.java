package lockstep.blockstore.volume;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.io.EventLoop;
import lockstep.blockstore.tree.LunRecord;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// A block device inside a volume, as the SCSI layer sees it. Every method is called on [#loop],
/// and every handler is called there, later or inside the call. Offsets and lengths are bytes,
/// multiples of 512.
///
/// A handler of a write gets [Outcome.Done] only when the write is durable on every leg that the
/// volume's state asks for; a handler of a read only when everything it read is (invariants 1 and
/// 2).
public interface Lun {
    /// Its attributes now.
    LunRecord record();

    /// The loop that owns the volume.
    EventLoop loop();

    /// Whether media commands are served now; if not, [Outcome.NotServing] is what they would get.
    boolean isServing();

    /// Fills `into` (lent until the handler is called) from `offset`.
    void read(long offset, ByteBuffer into, Outcome.Handler done);

    /// Writes the bytes of `data`, of which one reference is handed over.
    void write(long offset, IoBuffer data, Outcome.Handler done);

    /// Writes the 512 bytes of `pattern` (copied inside the call) to every sector of the range.
    void writeSame(long offset, long length, ByteBuffer pattern, Outcome.Handler done);

    /// Makes the range read as zeros and gives its space back.
    void unmap(long offset, long length, Outcome.Handler done);

    /// Compares and writes as one step, to which every other command on these sectors comes before
    /// or after: if the range holds the first half of `both`, it holds the second half then, and
    /// else the end is [Outcome.Miscompare]. One reference to `both` is handed over.
    void compareAndWrite(long offset, IoBuffer both, Outcome.Handler done);

    /// Sets the bits of `data`, of which one reference is handed over, in the range; one step as
    /// [#compareAndWrite] is.
    void orWrite(long offset, IoBuffer data, Outcome.Handler done);

    /// Tells which blocks hold space, from the one that holds byte `offset` on, in up to
    /// `extentsMax` runs; how far it looks is bounded.
    void extents(long offset, int extentsMax, LunExtent.Handler done);

    /// The space that its writes come from, now.
    LunSpace space();

    /// Ends when every write acknowledged before is durable. Each is, so this only orders after
    /// those.
    void flush(Outcome.Handler done);

    /// Whether the volume was opened from rest since hosts last used it, which is to them what a
    /// power loss is to a disk. A takeover is none: the LUN goes on elsewhere.
    boolean hasLostPower();

    /// What [#put] last set under `name`, also if it is not acknowledged yet; null if nothing did.
    byte @Nullable [] value(String name);

    /// Keeps `value` under `name` as part of the volume's state: it survives what a write survives,
    /// moves with a takeover, and goes with the LUN. An empty one removes it. Ends like a write.
    void put(String name, ByteBuffer value, Outcome.Handler done);
}
