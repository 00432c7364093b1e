/// Measures a target from outside: load, latency and the target's CPU per I/O.
///
/// Entrance: [lockstep.cli.bench.BenchRun]. Invariants: none of the store's. Threads: lanes run on
/// the initiator's loops, each touched by its own loop only until all have ended. Imports:
/// initiator, verify.
@NullMarked
package lockstep.cli.bench;

import org.jspecify.annotations.NullMarked;
