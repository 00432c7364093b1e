/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.blockstore.tree;

import org.jspecify.annotations.NullMarked;
