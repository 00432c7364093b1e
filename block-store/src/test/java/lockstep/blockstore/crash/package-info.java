/// A whole volume on simulated devices against a twin in memory: restarted from every state that a
/// power cut could have left, with every one of its operations failing once, under random
/// operations and crashes.
///
/// Entrance: [lockstep.blockstore.crash.CrashStateTest]. Invariants: those of the block store; one
/// seed, one run. Threads: everything runs on the thread that runs the simulation. Imports: all of
/// the block store.
@NullMarked
package lockstep.blockstore.crash;

import org.jspecify.annotations.NullMarked;
