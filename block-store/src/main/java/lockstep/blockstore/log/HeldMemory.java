package lockstep.blockstore.log;

import java.nio.ByteBuffer;

/// Memory in which bytes of log entries stand unchanged for as long as somebody holds it. For one
/// loop.
public interface HeldMemory {
    /// It is used for nothing else until this has been given back; what never is never is, and goes
    /// when nobody refers to it.
    void hold();

    /// One hold less. Whoever has let go of it reads nothing of it any more.
    void giveBack();

    /// The `length` bytes from `at` on.
    ByteBuffer view(int at, int length);
}
