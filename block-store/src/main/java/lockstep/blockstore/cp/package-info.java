/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.cp;

import org.jspecify.annotations.NullMarked;
