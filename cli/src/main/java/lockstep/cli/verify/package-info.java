/// Stamped writes and the model that judges what is read back: for kill rounds, takeovers and any
/// other accident. Each sector says what it is; the model knows which of its writes may stand
/// there.
///
/// Entrance: [lockstep.cli.verify.StampedWorkload] writes, [lockstep.cli.verify.Verification] reads
/// and judges; a [lockstep.cli.verify.Recorder] is told of each command. Invariants: it checks 1
/// and 2 from a host's side. Threads: workloads run on their session's loop; a recorder may be
/// shared by several. Imports: initiator.
@NullMarked
package lockstep.cli.verify;

import org.jspecify.annotations.NullMarked;
