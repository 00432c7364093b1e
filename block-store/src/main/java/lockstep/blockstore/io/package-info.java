/// The ports: device, clock and event loop. Everything non-deterministic that block-store does
/// passes here; real forms live in `io.real`, simulated ones in the test-jar.
///
/// Entrance: [lockstep.blockstore.io.EventLoop]. Invariants: none of its own; 1 rests on what
/// [lockstep.blockstore.io.BlockDevice] says of flushes. Threads: a volume and all it owns is
/// touched only on its event loop; completions of devices arrive there. Imports: base.
@NullMarked
package lockstep.blockstore.io;

import org.jspecify.annotations.NullMarked;
