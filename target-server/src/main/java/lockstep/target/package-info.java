/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.target;

import org.jspecify.annotations.NullMarked;
