package lockstep.target.scsi;

import lockstep.blockstore.base.IoBuffer;

/// Where a command that reads gets its memory: the transport, so that what is read can be sent
/// without a copy.
@FunctionalInterface
public interface Buffers {
    /// A buffer of exactly `bytes` bytes, with one reference that the caller owns; its content is
    /// undefined.
    IoBuffer allocate(int bytes);
}
