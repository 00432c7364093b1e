package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.volume.Admission.Need;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.UUID;
import java.util.function.BooleanSupplier;

/// What an active volume does with a host's command: the checks that belong to the volume, one log
/// entry or several, the answer through the gate.
final class MediaPath {
    /// No entry covers more blocks than this, so that one command cannot fill a half at a stroke.
    private static final long BLOCKS_PER_ENTRY = 4096;

    /// Bytes of an entry beside its data, at most, with its share of the batch that carries it.
    private static final long ENTRY_OVERHEAD = 8192;

    private final ActiveVolume volume;
    private final VolumeCore core;
    private final CpDriver driver;
    private final Admission admission;
    private final SectorLocks locks = new SectorLocks();
    private final AtomicUpdates atomic;
    private BooleanSupplier mayAnswerReads = () -> true;

    MediaPath(ActiveVolume volume, VolumeCore core, CpDriver driver, Admission admission) {
        this.volume = volume;
        this.core = core;
        this.driver = driver;
        this.admission = admission;
        this.atomic = new AtomicUpdates(this, core, admission, locks);
    }

    /// Commands that read and then write.
    AtomicUpdates atomic() {
        return atomic;
    }

    /// What writes come from.
    LunSpace space() {
        long free = Math.max(0, core.room() + core.reserved);
        return new LunSpace(Blocks.toBytes(core.cp.map().size()), Blocks.toBytes(free));
    }

    void guardReads(BooleanSupplier guard) {
        mayAnswerReads = guard;
    }

    void read(int lun, UUID identity, long offset, ByteBuffer into, Outcome.Handler done) {
        Outcome refusal = readRefusal(lun, identity, offset, into.remaining());
        LunState state = core.luns.find(lun);
        if (refusal != null || state == null) {
            done.ended(refusal == null ? new Outcome.OutOfRange() : refusal);
            return;
        }
        long generation = driver.readBegins();
        ReadOperation.ofLun(
                        core,
                        state,
                        offset,
                        into,
                        (outcome, dependsOn) -> {
                            driver.readEnds(generation);
                            answerRead(outcome, dependsOn, done);
                        })
                .run();
    }

    /// While the mirror is away, what is not durable yet may wait long: the host asks again
    /// instead.
    private void answerRead(Outcome outcome, long dependsOn, Outcome.Handler done) {
        boolean waits = dependsOn > core.gate.durable();
        if (waits && volume.service() == ActiveVolume.Service.SUSPENDED) {
            done.ended(new Outcome.Busy(volume.reason()));
        } else {
            core.gate.await(dependsOn, () -> answerRead(outcome, done), done);
        }
    }

    /// The right to answer is checked last, after all waiting: the lease may have run out
    /// meanwhile.
    private void answerRead(Outcome outcome, Outcome.Handler done) {
        if (mayAnswerReads.getAsBoolean()) {
            done.ended(outcome);
        } else {
            done.ended(new Outcome.NotServing("the partner has not confirmed this node lately"));
        }
    }

    void write(int lun, UUID identity, long offset, IoBuffer data, Outcome.Handler done) {
        locks.whenFree(
                lun, offset, data.size(), () -> writeFree(lun, identity, offset, data, done));
    }

    private void writeFree(
            int lun, UUID identity, long offset, IoBuffer data, Outcome.Handler done) {
        int length = data.size();
        Outcome refusal = refusal(lun, identity, offset, length);
        if (refusal != null || length == 0) {
            data.release();
            done.ended(refusal == null ? Outcome.done() : refusal);
            return;
        }
        admission.admit(
                need(lun, offset, length, length),
                () -> {
                    if (isGone(lun, identity)) {
                        data.release();
                        done.ended(new Outcome.OutOfRange());
                        return;
                    }
                    Position position = core.nextPosition();
                    core.log(new LogEntry.Write(position, lun, offset, data.view()));
                    data.release();
                    answerWhenDurable(done);
                },
                refused -> {
                    data.release();
                    done.ended(refused);
                });
    }

    /// Which blocks hold space, from `offset` on. A byte beyond the end is none of the LUN's.
    void extents(int lun, UUID identity, long offset, int extentsMax, LunExtent.Handler done) {
        Outcome refusal = readRefusal(lun, identity, offset, Blocks.SECTOR);
        if (refusal != null) {
            done.ended(refusal, List.of());
        } else {
            new ExtentQuery(
                            core.copy.reader(),
                            core.copy.loop(),
                            ExtentQuery.View.of(core, driver, lun),
                            offset,
                            extentsMax,
                            done)
                    .run();
        }
    }

    void writeSame(
            int lun,
            UUID identity,
            long offset,
            long length,
            ByteBuffer pattern,
            Outcome.Handler done) {
        if (Blocks.isZero(pattern)) {
            unmap(lun, identity, offset, length, done);
            return;
        }
        ByteBuffer copy = ByteBuffer.allocate(Blocks.SECTOR).put(pattern.duplicate()).flip();
        Pieces pieces =
                new Pieces() {
                    @Override
                    public Need need(long at, long bytes) {
                        return MediaPath.this.need(lun, at, bytes, Blocks.SECTOR);
                    }

                    @Override
                    public LogEntry entry(long at, long bytes) {
                        return new LogEntry.WriteSame(core.nextPosition(), lun, at, bytes, copy);
                    }
                };
        inPieces(new Range(lun, identity, offset, length), pieces, done);
    }

    void unmap(int lun, UUID identity, long offset, long length, Outcome.Handler done) {
        Pieces pieces =
                new Pieces() {
                    @Override
                    public Need need(long at, long bytes) {
                        return unmapNeed(lun, at, bytes);
                    }

                    @Override
                    public LogEntry entry(long at, long bytes) {
                        return new LogEntry.Unmap(core.nextPosition(), lun, at, bytes);
                    }
                };
        inPieces(new Range(lun, identity, offset, length), pieces, done);
    }

    void flush(Outcome.Handler done) {
        Outcome refusal = serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
        } else {
            answerWhenDurable(done);
        }
    }

    void putLun(LunRecord record, Outcome.Handler done) {
        LunState before = core.luns.find(record.number());
        if (before != null
                && !before.identity().equals(record.identity())
                && !core.image.snapshotsOf(before.identity()).isEmpty()) {
            done.ended(new Outcome.Refused("LUN " + record.number() + " has snapshots"));
            return;
        }
        put(LunTable.keyOf(record.number()), LunTable.valueOf(record), done);
    }

    void put(String key, ByteBuffer value, Outcome.Handler done) {
        Outcome refusal = serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        long bytes = ENTRY_OVERHEAD + value.remaining() + key.length() * 4L;
        admission.admit(
                new Need(
                        VolumeCore.worstCase(Blocks.roundUp(bytes), 1),
                        bytes,
                        !value.hasRemaining()),
                () -> {
                    core.log(new LogEntry.Put(core.nextPosition(), key, value));
                    answerWhenDurable(done);
                },
                done);
    }

    private record Range(int lun, UUID identity, long offset, long length) {
        long end() {
            return offset + length;
        }
    }

    /// What a long command becomes, piece by piece.
    private interface Pieces {
        Need need(long at, long bytes);

        LogEntry entry(long at, long bytes);
    }

    /// Cuts a long range into entries, one after the other, and answers when the last is durable.
    private void inPieces(Range range, Pieces pieces, Outcome.Handler done) {
        Outcome refusal = refusal(range.lun, range.identity, range.offset, range.length);
        if (refusal != null || range.length == 0) {
            done.ended(refusal == null ? Outcome.done() : refusal);
        } else {
            nextPiece(range, range.offset, pieces, done);
        }
    }

    private void nextPiece(Range range, long at, Pieces pieces, Outcome.Handler done) {
        locks.whenFree(
                range.lun,
                at,
                pieceLength(at, range.end()),
                () -> freePiece(range, at, pieces, done));
    }

    private void freePiece(Range range, long at, Pieces pieces, Outcome.Handler done) {
        Outcome refusal = serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        long bytes = pieceLength(at, range.end());
        admission.admit(
                pieces.need(at, bytes),
                () -> {
                    if (isGone(range.lun, range.identity)) {
                        done.ended(new Outcome.OutOfRange());
                        return;
                    }
                    core.log(pieces.entry(at, bytes));
                    long next = at + bytes;
                    if (next < range.end()) {
                        core.copy.loop().execute(() -> nextPiece(range, next, pieces, done));
                    } else {
                        answerWhenDurable(done);
                    }
                },
                done);
    }

    /// Bytes of the piece that starts at `at`: up to the next border of [#BLOCKS_PER_ENTRY] blocks.
    private static long pieceLength(long at, long end) {
        long unit = Blocks.toBytes(BLOCKS_PER_ENTRY);
        long border = (at / unit + 1) * unit;
        return Math.min(border, end) - at;
    }

    void answerWhenDurable(Outcome.Handler done) {
        core.gate.await(core.sequence, () -> done.ended(Outcome.done()), done);
    }

    Need need(int lun, long offset, long length, long dataBytes) {
        LunState state = core.luns.find(lun);
        int levels = state == null ? 1 : state.levels() + 1;
        long blocks = VolumeCore.blocksTouched(offset, length);
        return new Need(VolumeCore.worstCase(blocks, levels), dataBytes + ENTRY_OVERHEAD);
    }

    /// An unmap takes room for tree nodes and at most the two blocks at its ends.
    private Need unmapNeed(int lun, long offset, long length) {
        LunState state = core.luns.find(lun);
        int levels = state == null ? 1 : state.levels() + 1;
        long blocks = VolumeCore.blocksTouched(offset, length);
        long vbns = VolumeCore.worstCase(blocks, levels) - Math.max(0, blocks - 2);
        return new Need(vbns, Blocks.SECTOR + ENTRY_OVERHEAD, true);
    }

    @Nullable Outcome refusal(int lun, UUID identity, long offset, long length) {
        Outcome misfit = misfit(lun, identity, offset, length);
        LunState state = core.luns.find(lun);
        if (misfit == null && state != null && state.record().readOnly()) {
            return new Outcome.WriteProtected();
        }
        return misfit == null ? serviceRefusal() : misfit;
    }

    /// Reads go on while nothing new is sequenced, for as long as this node may answer them.
    private @Nullable Outcome readRefusal(int lun, UUID identity, long offset, long length) {
        Outcome misfit = misfit(lun, identity, offset, length);
        boolean suspended = volume.service() == ActiveVolume.Service.SUSPENDED;
        return misfit == null && !suspended ? serviceRefusal() : misfit;
    }

    private @Nullable Outcome misfit(int lun, UUID identity, long offset, long length) {
        Check.that(
                offset % Blocks.SECTOR == 0 && length % Blocks.SECTOR == 0,
                "hosts address whole sectors",
                offset,
                length);
        LunState state = core.luns.find(lun);
        if (state == null || isGone(lun, identity)) {
            return new Outcome.OutOfRange();
        }
        boolean outside = offset < 0 || length < 0 || offset > state.record().size() - length;
        return outside ? new Outcome.OutOfRange() : null;
    }

    boolean isGone(int lun, UUID identity) {
        LunState state = core.luns.find(lun);
        return state == null || !state.record().identity().equals(identity);
    }

    @Nullable Outcome serviceRefusal() {
        return switch (volume.service()) {
            case SERVING -> null;
            case SUSPENDED, HANDING_OVER -> new Outcome.Busy(volume.reason());
            case JOINING, STOPPED -> new Outcome.NotServing(volume.reason());
        };
    }
}
