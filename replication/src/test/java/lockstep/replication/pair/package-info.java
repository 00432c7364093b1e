/// A whole pair in virtual time: two nodes with disks, log and link, initiators, faults, and the
/// checks of the invariants. Everything follows from one seed.
@NullUnmarked
package lockstep.replication.pair;

import org.jspecify.annotations.NullUnmarked;
