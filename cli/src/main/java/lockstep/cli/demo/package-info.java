/// A pair of real nodes on this machine: started as child processes, loaded, killed, taken over,
/// healed. The demo shows it to people; the end-to-end tests run on the same parts.
///
/// Entrance: [lockstep.cli.demo.Demonstration]. Invariants: none of its own; it checks 1 and 2 from
/// outside. Threads: the caller's, which waits; sessions run on the initiator's loops. Imports: the
/// initiator, the stamped workload, the admin client and its records.
@NullMarked
package lockstep.cli.demo;

import org.jspecify.annotations.NullMarked;
