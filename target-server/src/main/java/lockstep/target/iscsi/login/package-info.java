/// Login: stages, text keys and their negotiation, and discovery.
///
/// Entrance: [lockstep.target.iscsi.login.LoginPhase]. Invariants: 10; requests, bytes and keys of
/// a login are bounded before it is authenticated. Threads: the target's event loop; negotiation is
/// pure. Imports: iscsi.pdu, access, scsi (to find a target), jSCSI vocabulary.
@NullMarked
package lockstep.target.iscsi.login;

import org.jspecify.annotations.NullMarked;
