/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.block;

import org.jspecify.annotations.NullMarked;
