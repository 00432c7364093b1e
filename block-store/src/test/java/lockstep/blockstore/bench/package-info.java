/// Measures the volume's bulk work on real files, beside what the same files give plain direct I/O.
/// Nothing here is a test: `docs/measure-volume.sh` runs it.
@NullMarked
package lockstep.blockstore.bench;

import org.jspecify.annotations.NullMarked;
