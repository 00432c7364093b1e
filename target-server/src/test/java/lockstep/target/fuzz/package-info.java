/// What fuzz tests share. A fuzz test is a class with one method, so that each is fuzzed by itself
/// (Jazzer fuzzes one method per JVM); as plain tests they run their seeds.
@NullMarked
package lockstep.target.fuzz;

import org.jspecify.annotations.NullMarked;
