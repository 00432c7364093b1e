package lockstep.blockstore.io;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.LongConsumer;

/// A raw block device, or a file that stands for one. All offsets and lengths are bytes and
/// multiples of 4096. Calls come from the owning event loop, and completions arrive there, never
/// inside the call.
///
/// Buffers are lent: whoever calls keeps them unchanged (write) or untouched (read) until the
/// completion, or until the operation was given up ([Pending#abandon]); of one that was given up
/// nothing is known, and it may reach the medium later.
///
/// Order: two operations under way at once may reach the medium in any order. What is not flushed
/// may be lost, in any part, in a power cut, torn at 512 bytes. A flush covers what was completed
/// before it was issued.
public interface BlockDevice {
    /// One contiguous range of the device and the bytes that belong there, front to back. If it is
    /// `awaited`, whoever lends the buffers waits for the end, however long that takes: the device
    /// may use them in place, and cannot be talked into giving up meanwhile ([Pending#abandon]).
    record Extent(long offset, List<ByteBuffer> buffers, boolean awaited) {
        /// An extent that may be given up at any time.
        public Extent(long offset, List<ByteBuffer> buffers) {
            this(offset, buffers, false);
        }

        /// The same, to be waited for.
        public Extent toBeAwaited() {
            return new Extent(offset, buffers, true);
        }

        /// Bytes in all the buffers.
        public long length() {
            long sum = 0;
            for (ByteBuffer buffer : buffers) {
                sum += buffer.remaining();
            }
            return sum;
        }
    }

    /// How to name this device to people.
    String name();

    /// Bytes, a multiple of 4096.
    long size();

    /// Fills the buffers of `extent` from its offset on.
    Pending read(Extent extent, IoCompletion done);

    /// Writes all extents, in any order: one completion. If it fails, nothing is known of any of
    /// them.
    Pending write(List<Extent> extents, IoCompletion done);

    /// Writes the bytes of `extent`.
    default Pending write(Extent extent, IoCompletion done) {
        return write(List.of(extent), done);
    }

    /// Makes everything durable that was completed before this call.
    Pending flush(IoCompletion done);

    /// Writes all extents and makes them durable: one completion, after the flush. If it fails,
    /// nothing is known of any of them.
    Pending writeDurably(List<Extent> extents, IoCompletion done);

    /// Gives the space of a range back; it reads as zeros afterwards. Where nobody takes the space
    /// ([#takesHoles]) the zeros are written. It may find no space for either
    /// ([IoFault#isOutOfSpace]): then the range is what it was, or zeros in part.
    Pending punch(long offset, long length, IoCompletion done);

    /// Whether [#punch] is known to give space to somebody: whoever lends it to this device.
    default boolean takesHoles() {
        return false;
    }

    /// Tells, later or inside the call, how many bytes of what lends space to this device it holds;
    /// -1 if nobody knows.
    default void held(LongConsumer told) {
        told.accept(-1);
    }

    /// Ends all use; operations under way still complete.
    void close();
}
