/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.volume;

import org.jspecify.annotations.NullMarked;
