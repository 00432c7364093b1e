/// The commands, one class each: parse, ask the node or run a tool, print as table or JSON.
///
/// Entrance: [lockstep.cli.Lockstep], which lists them. Invariants: none of the store's; every
/// refusal prints what happened and what to do, and exits non-zero. Threads: the main thread.
/// Imports: lockstep.target's configuration and admin model; cli's other rooms.
@NullMarked
package lockstep.cli.command;

import org.jspecify.annotations.NullMarked;
