/// Words that every room uses: sizes, ids, positions, buffers, outcomes, and the always-on
/// assertion.
///
/// Entrance: none; a bag of small values. Invariants: each value checks its own range when made.
/// Threads: immutable values, except [lockstep.blockstore.base.IoBuffer], which belongs to one
/// owner at a time. Imports: nothing of ours.
@NullMarked
package lockstep.blockstore.base;

import org.jspecify.annotations.NullMarked;
