/// A network in virtual time, for everything that talks over links.
///
/// Entrance: [lockstep.replication.sim.SimNetwork]. Invariants: real bytes cross, in order per
/// connection; the same seed gives the same run. Threads: one, that of the test. Imports: link,
/// wire, and block-store's simulation.
@NullMarked
package lockstep.replication.sim;

import org.jspecify.annotations.NullMarked;
