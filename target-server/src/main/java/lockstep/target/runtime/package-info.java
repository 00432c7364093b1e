/// The real forms of the ports that a target runs on.
///
/// Entrance: [lockstep.target.runtime.NettyEventLoop]. Invariants: none of its own. Threads: each
/// class says. Imports: Netty, block-store io.
@NullMarked
package lockstep.target.runtime;

import org.jspecify.annotations.NullMarked;
