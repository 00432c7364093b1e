package lockstep.target.scsi;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.function.Consumer;

/// The commands that touch the medium, as calls on a [Lun]. Ranges and limits were checked before.
///
/// A host that announces less data than its CDB needs gets just that many whole sectors written,
/// and the rest reported as residual by the transport.
final class BlockCommands {
    private static final ByteBuffer ZEROS = ByteBuffer.allocate(Blocks.SECTOR).asReadOnlyBuffer();

    private final Lun lun;

    BlockCommands(Lun lun) {
        this.lun = lun;
    }

    void read(ScsiCommand.Read read, Buffers buffers, Consumer<ScsiResult> done) {
        if (read.sectors() == 0) {
            done.accept(ScsiResult.good());
            return;
        }
        int length = bytes(read.sectors());
        readInto(
                read.lba(),
                length,
                buffers,
                done,
                buffer -> done.accept(new ScsiResult.Data(buffer, length)));
    }

    void write(
            ScsiCommand.Write write,
            @Nullable IoBuffer data,
            Buffers buffers,
            Consumer<ScsiResult> done) {
        int length = data == null ? 0 : data.size() - data.size() % Blocks.SECTOR;
        if (data == null || length == 0) {
            release(data);
            done.accept(ScsiResult.good());
            return;
        }
        IoBuffer whole = length == data.size() ? data : new FrontOf(data, length);
        if (!write.verify()) {
            lun.write(offset(write.lba()), whole, outcome -> done.accept(ended(outcome, false)));
            return;
        }
        whole.retain();
        lun.write(
                offset(write.lba()),
                whole,
                outcome -> {
                    if (outcome.isDone()) {
                        boolean compare = write.compare() == 1;
                        verify(write.lba(), length, compare ? whole : null, buffers, done);
                        if (!compare) {
                            whole.release();
                        }
                    } else {
                        whole.release();
                        done.accept(ended(outcome, false));
                    }
                });
    }

    /// VERIFY reads what it verifies, so checksums are checked also when no bytes are compared.
    void verify(
            ScsiCommand.Verify verify,
            @Nullable IoBuffer data,
            Buffers buffers,
            Consumer<ScsiResult> done) {
        long needed = verify.compare() == 3 ? Blocks.SECTOR : verify.sectors() * Blocks.SECTOR;
        if (verify.sectors() == 0) {
            release(data);
            done.accept(ScsiResult.good());
        } else if (verify.compare() != 0 && (data == null || data.size() < needed)) {
            release(data);
            done.accept(ScsiResult.check(Sense.INCORRECT_AMOUNT_OF_DATA));
        } else {
            verify(verify.lba(), bytes(verify.sectors()), data, buffers, done);
        }
    }

    /// Reads `length` bytes back and compares them with `expected` (handed over), repeated as often
    /// as it fits; null compares nothing.
    private void verify(
            long lba,
            int length,
            @Nullable IoBuffer expected,
            Buffers buffers,
            Consumer<ScsiResult> done) {
        Consumer<ScsiResult> ending =
                result -> {
                    release(expected);
                    done.accept(result);
                };
        readInto(
                lba,
                length,
                buffers,
                ending,
                buffer -> {
                    boolean same = expected == null || matches(buffer.view(), expected.view());
                    buffer.release();
                    ending.accept(
                            same
                                    ? ScsiResult.good()
                                    : ScsiResult.check(Sense.MISCOMPARE_DURING_VERIFY));
                });
    }

    void unmap(@Nullable IoBuffer list, UnmapList.Checked ranges, Consumer<ScsiResult> done) {
        release(list);
        switch (ranges) {
            case UnmapList.Refused(var sense) -> done.accept(new ScsiResult.CheckCondition(sense));
            case UnmapList.Ranges(long[] lbas, long[] sectors) -> unmap(lbas, sectors, done);
        }
    }

    /// All ranges at once, so that they become durable together.
    private void unmap(long[] lbas, long[] sectors, Consumer<ScsiResult> done) {
        AllOf all = new AllOf(lbas.length + 1, done);
        for (int i = 0; i < lbas.length; i++) {
            lun.unmap(offset(lbas[i]), offset(sectors[i]), all);
        }
        all.ended(Outcome.done());
    }

    /// Ends a command when `left` operations have ended, as the first of them that failed.
    private static final class AllOf implements Outcome.Handler {
        private final Consumer<ScsiResult> done;
        private Outcome outcome = Outcome.done();
        private int left;

        AllOf(int left, Consumer<ScsiResult> done) {
            this.left = left;
            this.done = done;
        }

        @Override
        public void ended(Outcome one) {
            if (outcome.isDone()) {
                outcome = one;
            }
            left--;
            if (left == 0) {
                done.accept(BlockCommands.ended(outcome, false));
            }
        }
    }

    /// With UNMAP set and zeros to write, the space is given back: unmapped sectors read as zeros.
    void writeSame(ScsiCommand.WriteSame same, @Nullable IoBuffer data, Consumer<ScsiResult> done) {
        if (!same.noData() && (data == null || data.size() < Blocks.SECTOR)) {
            release(data);
            done.accept(ScsiResult.check(Sense.INCORRECT_AMOUNT_OF_DATA));
            return;
        }
        ByteBuffer pattern = data == null ? ZEROS.duplicate() : data.view();
        long offset = offset(same.lba());
        long length = offset(same.sectors());
        Outcome.Handler handler = outcome -> done.accept(ended(outcome, false));
        if (same.unmap() && pattern.equals(ZEROS)) {
            lun.unmap(offset, length, handler);
        } else {
            lun.writeSame(offset, length, pattern, handler);
        }
        release(data);
    }

    void flush(Consumer<ScsiResult> done) {
        lun.flush(outcome -> done.accept(ended(outcome, false)));
    }

    /// Reads into a buffer and gives it to `whole`; if that fails, gives it back and ends.
    private void readInto(
            long lba,
            int length,
            Buffers buffers,
            Consumer<ScsiResult> failed,
            Consumer<IoBuffer> whole) {
        IoBuffer buffer = buffers.allocate(length);
        lun.read(
                offset(lba),
                buffer.view(),
                outcome -> {
                    if (outcome.isDone()) {
                        whole.accept(buffer);
                    } else {
                        buffer.release();
                        failed.accept(ended(outcome, true));
                    }
                });
    }

    private static boolean matches(ByteBuffer found, ByteBuffer expected) {
        int step = expected.remaining();
        for (int at = 0; at < found.remaining(); at += step) {
            if (found.slice(at, step).mismatch(expected) >= 0) {
                return false;
            }
        }
        return true;
    }

    /// The host's view of how the volume ended an operation.
    static ScsiResult ended(Outcome outcome, boolean reading) {
        return switch (outcome) {
            case Outcome.Done _ -> ScsiResult.good();
            case Outcome.MediumError(long offset) ->
                    new ScsiResult.CheckCondition(
                            (reading ? Sense.UNRECOVERED_READ_ERROR : Sense.WRITE_ERROR)
                                    .at(offset / Blocks.SECTOR));
            case Outcome.Miscompare(int at) ->
                    new ScsiResult.CheckCondition(Sense.MISCOMPARE_DURING_VERIFY.at(at));
            case Outcome.NoSpace _ -> ScsiResult.check(Sense.SPACE_ALLOCATION_FAILED_WRITE_PROTECT);
            case Outcome.WriteProtected _ -> ScsiResult.check(Sense.WRITE_PROTECTED);
            case Outcome.OutOfRange _ -> ScsiResult.check(Sense.LBA_OUT_OF_RANGE);
            case Outcome.NotServing _ -> ScsiResult.check(Sense.ACCESS_STATE_TRANSITION);
            case Outcome.Busy _ -> new ScsiResult.Busy();
            case Outcome.Aborted _, Outcome.Refused _ -> ScsiResult.check(Sense.ABORTED_COMMAND);
        };
    }

    private static long offset(long sectors) {
        return sectors * Blocks.SECTOR;
    }

    private static int bytes(long sectors) {
        return Math.toIntExact(sectors * Blocks.SECTOR);
    }

    private static void release(@Nullable IoBuffer data) {
        if (data != null) {
            data.release();
        }
    }

    /// The first `size` bytes of another buffer, whose reference it takes over.
    private record FrontOf(IoBuffer whole, int size) implements IoBuffer {
        @Override
        public ByteBuffer view() {
            return whole.view().slice(0, size);
        }

        @Override
        public void retain() {
            whole.retain();
        }

        @Override
        public void release() {
            whole.release();
        }
    }
}
