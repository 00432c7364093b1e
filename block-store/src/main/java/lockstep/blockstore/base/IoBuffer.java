package lockstep.blockstore.base;

import java.nio.ByteBuffer;

/// A counted view of bytes that came from, or go to, a transport. block-store sees this interface
/// only, so it needs no Netty and no copy.
///
/// Ownership: a call that takes an `IoBuffer` is handed one reference and releases it, now or when
/// done. Who still needs the bytes after such a call retains before it. A parameter that is only
/// looked at during the call is named `borrowed`.
public interface IoBuffer {
    /// Bytes in the buffer.
    int size();

    /// A view of all the bytes, position 0, limit [#size]; valid until the last reference is
    /// released. Each call gives a view with a position of its own.
    ByteBuffer view();

    /// Adds a reference.
    void retain();

    /// Gives one reference up.
    void release();

    /// Wraps bytes that nobody has to release: heap arrays, test data.
    static IoBuffer unpooled(ByteBuffer bytes) {
        ByteBuffer all = bytes.slice();
        return new IoBuffer() {
            @Override
            public int size() {
                return all.capacity();
            }

            @Override
            public ByteBuffer view() {
                return all.duplicate();
            }

            @Override
            public void retain() {}

            @Override
            public void release() {}
        };
    }
}
