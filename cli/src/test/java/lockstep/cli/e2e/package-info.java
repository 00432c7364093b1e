/// What the finished program promises, shown with real processes: nodes are killed, disks are lost,
/// strangers talk nonsense, and hosts check what they read.
///
/// Entrance: each test by itself. Invariants: checks 1, 2, 5, 6 and 10 from outside. Threads: the
/// test's own. Imports: demo, initiator, verify, client.
@NullMarked
package lockstep.cli.e2e;

import org.jspecify.annotations.NullMarked;
