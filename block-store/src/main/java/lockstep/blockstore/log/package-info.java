/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.log;

import org.jspecify.annotations.NullMarked;
