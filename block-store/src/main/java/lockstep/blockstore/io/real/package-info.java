/// The real forms of the ports: files and raw devices, the system's clock, a thread as event loop.
///
/// Entrance: [lockstep.blockstore.io.real.FileDevice]. Invariants: 1 (a failed flush is never
/// followed by a good one). Threads: the only room of block-store that has any; completions are
/// posted to the owning loop. Imports: io, base.
@NullMarked
package lockstep.blockstore.io.real;

import org.jspecify.annotations.NullMarked;
