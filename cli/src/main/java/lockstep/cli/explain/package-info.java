/// What each kind of host will decide about a LUN, from what the LUN really answers.
///
/// Entrance: [lockstep.cli.explain.FactsReader], then [lockstep.cli.explain.Decision]. Invariants:
/// none of the store's; a decision is derived from answers and never from what is meant to be.
/// Threads: the caller's. Imports: cli.initiator.
@NullMarked
package lockstep.cli.explain;

import org.jspecify.annotations.NullMarked;
