/// Sessions: connections, command numbering, the life of a command, task management.
///
/// Entrance: [lockstep.target.iscsi.session.Portal]. Invariants: 10; a session's memory is bounded
/// by its command window, its first bursts and its large-transfer budget; before a session is
/// reinstated the old one's tasks are over. Threads: everything runs on the target's event loop;
/// only [lockstep.target.iscsi.session.ConnectionHandler] is on a channel's, and hops if that is
/// another. Imports: iscsi.login, iscsi.pdu, scsi, runtime, Netty, jSCSI vocabulary, metrics.
@NullMarked
package lockstep.target.iscsi.session;

import org.jspecify.annotations.NullMarked;
