/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.disk;

import org.jspecify.annotations.NullMarked;
