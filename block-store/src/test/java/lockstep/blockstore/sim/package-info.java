/// The simulated world: virtual time, event loops and devices that crash, tear, rot and lie, all
/// from one seed. A failing seed replays exactly.
///
/// Entrance: [lockstep.blockstore.sim.Simulation]. Invariants: one seed, one trace (compare
/// [lockstep.blockstore.sim.Simulation#traceHash]); no completion of a dead node incarnation ever
/// arrives; what was flushed survives every crash. Threads: everything runs on the thread that runs
/// the simulation. Imports: base, io.
@NullMarked
package lockstep.blockstore.sim;

import org.jspecify.annotations.NullMarked;
