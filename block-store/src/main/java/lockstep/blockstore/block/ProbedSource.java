package lockstep.blockstore.block;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.raid.PointerProbe.Found;
import lockstep.blockstore.raid.SpaceScrub;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Blocks of an image that may become outdated while it is read: what was written anew meanwhile is
/// not readable any more, and nobody takes it for damage.
public record ProbedSource(SpaceScrub space, CpId image) implements BlockSource {
    @Override
    public void read(long vbn, int crc, ByteBuffer into, ReadHandler done) {
        space.probe(
                vbn,
                new int[] {crc},
                image,
                (found, contents) -> {
                    boolean readable = found[0] == Found.GOOD || found[0] == Found.HEALED;
                    if (readable) {
                        into.put(into.position(), contents[0], 0, contents[0].capacity());
                    }
                    done.ended(readable);
                });
    }

    @Override
    public void readRun(long vbn, int[] crcs, List<ByteBuffer> into, RunHandler done) {
        readNext(vbn, crcs, into, new ArrayList<>(), done);
    }

    private void readNext(
            long vbn, int[] crcs, List<ByteBuffer> into, List<Boolean> readable, RunHandler done) {
        int next = readable.size();
        if (next == crcs.length) {
            done.ended(readable);
            return;
        }
        read(
                vbn + next,
                crcs[next],
                into.get(next),
                one -> {
                    readable.add(one);
                    readNext(vbn, crcs, into, readable, done);
                });
    }
}
