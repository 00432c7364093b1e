/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.cli;

import org.jspecify.annotations.NullMarked;
