/// Who may use what: which initiators may log in to a volume's target, from where, how they prove
/// who they are (CHAP), and which LUNs they see. Pure rules and state machines.
///
/// Entrance: [lockstep.target.access.Gatekeeper]. Invariants: 10; a host sees and addresses only
/// what its rule names, and a secret leaves this package only as a CHAP response or sealed.
/// Threads: the target's event loop; [lockstep.target.access.SecretKeys] is immutable. Imports:
/// base of block-store.
@NullMarked
package lockstep.target.access;

import org.jspecify.annotations.NullMarked;
