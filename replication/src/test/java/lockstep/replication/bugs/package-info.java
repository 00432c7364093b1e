/// Bugs that somebody could have made, put back one at a time behind a switch that only exists in
/// the tests: [Weaver] changes copies of product classes while they are loaded, and every bug has
/// to be caught by the simulated pair.
@NullUnmarked
package lockstep.replication.bugs;

import org.jspecify.annotations.NullUnmarked;
