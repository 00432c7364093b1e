/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.raid;

import org.jspecify.annotations.NullMarked;
