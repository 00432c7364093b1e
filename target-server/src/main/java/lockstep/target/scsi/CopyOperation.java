package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Consumer;

/// One EXTENDED COPY under way: segment after segment, piece after piece through one buffer, each
/// piece in a turn of its own. Pieces of zeros are unmapped and not written, so that the copy of a
/// thin LUN is thin.
final class CopyOperation {
    private static final int PIECE_BYTES = 512 << 10;

    private final Nexus nexus;
    private final Collection<LogicalUnit> visible;
    private final List<CopyList.Cscd> cscds;
    private final List<CopyList.Segment> segments;
    private final BooleanSupplier aborted;
    private final Consumer<@Nullable SenseData> done;
    private final ByteBuffer buffer = ByteBuffer.allocate(PIECE_BYTES);
    private int finished;
    private long sectorsCopied;

    /// `visible` are the logical units that `nexus` may use: a name is looked up among those only,
    /// so nobody reaches by copying what he may not reach by reading and writing. `done` gets why
    /// it ended early, or null.
    CopyOperation(
            Nexus nexus,
            Collection<LogicalUnit> visible,
            CopyList.Copies copies,
            BooleanSupplier aborted,
            Consumer<@Nullable SenseData> done) {
        this.nexus = nexus;
        this.visible = visible;
        this.cscds = copies.cscds();
        this.segments = copies.segments();
        this.aborted = aborted;
        this.done = done;
    }

    /// Segments that are copied whole.
    int segmentsProcessed() {
        return finished;
    }

    /// Bytes copied so far.
    long bytesCopied() {
        return sectorsCopied * Blocks.SECTOR;
    }

    void run() {
        if (finished == segments.size()) {
            done.accept(null);
            return;
        }
        CopyList.Segment segment = segments.get(finished);
        LogicalUnit source = find(segment.source());
        LogicalUnit destination = find(segment.destination());
        if (source == null || destination == null) {
            done.accept(Sense.UNREACHABLE_COPY_TARGET.plain());
            return;
        }
        long sectors = segment.sectors();
        if (!source.mayCopy(nexus, false, segment.sourceLba(), sectors)
                || !destination.mayCopy(nexus, true, segment.destinationLba(), sectors)) {
            done.accept(Sense.COPY_ABORTED.plain());
            return;
        }
        copy(source, destination, segment, 0);
    }

    private @Nullable LogicalUnit find(int index) {
        if (index >= cscds.size() || cscds.get(index).absent()) {
            return null;
        }
        CopyList.Cscd wanted = cscds.get(index);
        for (LogicalUnit unit : visible) {
            long low = unit.lun().record().identity().getLeastSignificantBits();
            if (VpdPages.naaHigh(unit.lun().record()) == wanted.naaHigh()
                    && low == wanted.naaLow()) {
                return unit;
            }
        }
        return null;
    }

    private void copy(
            LogicalUnit source, LogicalUnit destination, CopyList.Segment segment, int from) {
        if (from == segment.sectors()) {
            finished++;
            source.lun().loop().execute(this::run);
            return;
        }
        if (aborted.getAsBoolean()) {
            done.accept(Sense.COPY_ABORTED.plain());
            return;
        }
        int sectors = Math.min(PIECE_BYTES / Blocks.SECTOR, segment.sectors() - from);
        ByteBuffer piece = buffer.slice(0, sectors * Blocks.SECTOR);
        Outcome.Handler written =
                outcome -> {
                    if (failed(outcome)) {
                        return;
                    }
                    sectorsCopied += sectors;
                    source.lun()
                            .loop()
                            .execute(() -> copy(source, destination, segment, from + sectors));
                };
        source.lun()
                .read(
                        (segment.sourceLba() + from) * Blocks.SECTOR,
                        piece,
                        outcome -> {
                            if (!failed(outcome)) {
                                long to = (segment.destinationLba() + from) * Blocks.SECTOR;
                                put(destination, to, piece, written);
                            }
                        });
    }

    private boolean failed(Outcome outcome) {
        if (outcome.isDone()) {
            return false;
        }
        done.accept(
                outcome instanceof Outcome.NoSpace
                        ? Sense.SPACE_ALLOCATION_FAILED_WRITE_PROTECT.plain()
                        : Sense.THIRD_PARTY_DEVICE_FAILURE.plain());
        return true;
    }

    private static void put(
            LogicalUnit destination, long offset, ByteBuffer piece, Outcome.Handler written) {
        if (Blocks.isZero(piece)) {
            destination.lun().unmap(offset, piece.limit(), written);
        } else {
            destination.lun().write(offset, IoBuffer.unpooled(piece), written);
        }
    }
}
