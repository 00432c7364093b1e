/// The rules of the house, as code: sources, rooms and their arrows, banned calls, sizes.
///
/// Entrance: [lockstep.blockstore.TidyTest]. Invariants: none of the store's; it keeps the text in
/// order. Threads: the test's. Imports: nothing of ours.
@NullMarked
package lockstep.blockstore.tidy;

import org.jspecify.annotations.NullMarked;
