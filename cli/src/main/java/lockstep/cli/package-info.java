/// The command line: one program for operators, for measuring and for checking.
///
/// Entrance: [lockstep.cli.Lockstep]. Invariants: none of the store's; a refused or wrong action
/// never exits with zero. Threads: the main thread waits, I/O runs on loops of Netty. Imports:
/// lockstep.target's admin model and configuration; of our own rooms initiator, verify and bench.
@NullMarked
package lockstep.cli;

import org.jspecify.annotations.NullMarked;
