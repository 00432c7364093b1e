/// An asynchronous iSCSI initiator (RFC 7143, one connection per session, error recovery level 0)
/// that speaks to any target. It shares no code with our target, so that each checks the other: it
/// verifies StatSN, DataSN, ranges, residuals and digests, and closes on what a target got wrong.
///
/// Entrance: [lockstep.cli.initiator.Initiator], then [lockstep.cli.initiator.IscsiSession].
/// Invariants: of 2, its part: what a host could not have seen answered is never told as answered;
/// a command whose connection is lost is [lockstep.cli.initiator.CommandResult.Unknown]. Threads: a
/// session and its tasks belong to its Netty loop. Imports: none of our rooms.
@NullMarked
package lockstep.cli.initiator;

import org.jspecify.annotations.NullMarked;
