package lockstep.blockstore.log;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Position;

import java.nio.ByteBuffer;

/// One write command in a volume's log. Entries hold outcomes, never conditions, so that a replay
/// decides nothing and doing it twice gives what doing it once gives (invariant 8). Offsets and
/// lengths are bytes and multiples of 512.
///
/// Buffers are views that the maker owns; whoever keeps an entry beyond a call copies what it
/// needs.
public sealed interface LogEntry {
    /// Its place in the volume's log.
    Position position();

    /// The bytes of `data` now stand at `offset` of LUN `lun`. `crc` is the CRC32C of the data,
    /// made when it came: what is spoiled in memory later shows by it, wherever the entry goes.
    record Write(Position position, int lun, long offset, ByteBuffer data, int crc)
            implements LogEntry {
        /// With the checksum of what `data` is now.
        public Write(Position position, int lun, long offset, ByteBuffer data) {
            this(position, lun, offset, data, Crc32c.of(data));
        }
    }

    /// `length` bytes from `offset` of LUN `lun` now read as zeros and hold no space.
    record Unmap(Position position, int lun, long offset, long length) implements LogEntry {}

    /// The 512 bytes of `pattern` now stand in every sector of the range.
    record WriteSame(Position position, int lun, long offset, long length, ByteBuffer pattern)
            implements LogEntry {}

    /// The volume's state beyond blocks: `key` now has `value`; an empty value removes the key.
    record Put(Position position, String key, ByteBuffer value) implements LogEntry {}

    /// The epoch of `position` begins and continues from `from`: entries past `from` that stand
    /// earlier in the log are void.
    record EpochOpened(Position position, Position from) implements LogEntry {}
}
