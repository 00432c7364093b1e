package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.LunExtent;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// Commands that look at the medium and give no bytes of it: GET LBA STATUS and PRE-FETCH (SBC-3
/// clause 5).
final class BlockQueries {
    /// Descriptors in one GET LBA STATUS answer, at most.
    private static final int DESCRIPTORS_MAX = 256;

    private static final int HEADER_BYTES = 8;
    private static final int DESCRIPTOR_BYTES = 16;
    private static final int DEALLOCATED = 1;

    /// Bytes that one PRE-FETCH reads, at most: what is beyond would only push out what came
    /// before.
    private static final long PREFETCH_BYTES = 8 << 20;

    private static final int PREFETCH_STEP = 256 << 10;

    private final Lun lun;
    private boolean warming;

    BlockQueries(Lun lun) {
        this.lun = lun;
    }

    /// The first descriptor begins at the LBA asked for; how far the last one goes is as far as was
    /// looked.
    void lbaStatus(ScsiCommand.LbaStatus command, Consumer<ScsiResult> done) {
        int room = (command.allocation() - HEADER_BYTES) / DESCRIPTOR_BYTES;
        lun.extents(
                command.lba() * Blocks.SECTOR,
                Math.clamp(room, 1, DESCRIPTORS_MAX),
                (outcome, extents) ->
                        done.accept(
                                outcome.isDone()
                                        ? status(command, extents)
                                        : BlockCommands.ended(outcome, true)));
    }

    private ScsiResult status(ScsiCommand.LbaStatus command, List<LunExtent> extents) {
        ParameterData data = new ParameterData().u32(0).u32(0);
        long lunSectors = lun.record().size() / Blocks.SECTOR;
        for (LunExtent extent : extents) {
            long first = Math.max(command.lba(), extent.offset() / Blocks.SECTOR);
            long end = (extent.offset() + extent.length()) / Blocks.SECTOR;
            data.u64(first).u32(Math.min(end, lunSectors) - first);
            data.u8(extent.mapped() ? 0 : DEALLOCATED).zeros(3);
        }
        return data.patch32(0, data.size() - 4).upTo(command.allocation());
    }

    /// Reads the range, or its beginning, into the cache. GOOD and not CONDITION MET: nobody
    /// promises how long it stays there. With IMMED the answer does not wait, and while one such is
    /// under way others are answered and left out.
    void preFetch(ScsiCommand.PreFetch command, Consumer<ScsiResult> done) {
        long offset = command.lba() * Blocks.SECTOR;
        long rest = lun.record().size() - offset;
        long asked = command.sectors() == 0 ? rest : command.sectors() * Blocks.SECTOR;
        long end = offset + Math.min(asked, PREFETCH_BYTES);
        if (!command.immediate()) {
            warm(offset, end, outcome -> done.accept(BlockCommands.ended(outcome, true)));
            return;
        }
        if (!warming) {
            warming = true;
            warm(offset, end, _ -> warming = false);
        }
        done.accept(ScsiResult.good());
    }

    private void warm(long offset, long end, Outcome.Handler done) {
        if (offset >= end) {
            done.ended(Outcome.done());
            return;
        }
        int length = (int) Math.min(PREFETCH_STEP, end - offset);
        lun.read(
                offset,
                ByteBuffer.allocate(length),
                outcome -> {
                    if (outcome.isDone()) {
                        lun.loop().execute(() -> warm(offset + length, end, done));
                    } else {
                        done.ended(outcome);
                    }
                });
    }
}
