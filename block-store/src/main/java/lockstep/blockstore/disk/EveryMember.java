package lockstep.blockstore.disk;

import lockstep.blockstore.io.IoCompletion;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;

/// Reads the same blocks of all members of a group at once, whatever each of them gives.
final class EveryMember {
    private EveryMember() {}

    /// Reads into `into`, by slot; what is not there or cannot be read becomes null.
    static void read(GroupDisks group, long block, @Nullable ByteBuffer[] into, Runnable done) {
        Together together = new Together(_ -> done.run());
        for (int slot = 0; slot < into.length; slot++) {
            Disk disk = group.disk(slot);
            ByteBuffer buffer = into[slot];
            if (disk != null && disk.live() && buffer != null) {
                int at = slot;
                IoCompletion one = together.one();
                disk.read(
                        block,
                        List.of(buffer.duplicate()),
                        fault -> {
                            if (fault != null) {
                                into[at] = null;
                            }
                            one.ended(null);
                        });
            } else {
                into[slot] = null;
            }
        }
        together.start();
    }
}
