/// (see ARCHITECTURE.md)
@NullMarked
package lockstep.replication;

import org.jspecify.annotations.NullMarked;
