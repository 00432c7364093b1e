package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Check;
import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.volume.Admission.Need;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import java.util.function.LongFunction;

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
    private BooleanSupplier mayAnswerReads = () -> true;

    MediaPath(ActiveVolume volume, VolumeCore core, CpDriver driver, Admission admission) {
        this.volume = volume;
        this.core = core;
        this.driver = driver;
        this.admission = admission;
    }

    void guardReads(BooleanSupplier guard) {
        mayAnswerReads = guard;
    }

    void read(int lun, UUID identity, long offset, ByteBuffer into, Outcome.Handler done) {
        Outcome refusal = refusal(lun, identity, offset, into.remaining());
        LunState state = core.luns.find(lun);
        if (refusal != null || state == null) {
            done.ended(refusal == null ? new Outcome.OutOfRange() : refusal);
            return;
        }
        long generation = driver.readBegins();
        new ReadOperation(
                        core,
                        state,
                        offset,
                        into,
                        (outcome, dependsOn) -> {
                            driver.readEnds(generation);
                            core.gate.await(dependsOn, () -> answerRead(outcome, done), done);
                        })
                .run();
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

    void writeSame(
            int lun,
            UUID identity,
            long offset,
            long length,
            ByteBuffer pattern,
            Outcome.Handler done) {
        if (isZero(pattern)) {
            unmap(lun, identity, offset, length, done);
            return;
        }
        ByteBuffer copy = ByteBuffer.allocate(Blocks.SECTOR).put(pattern.duplicate()).flip();
        Outcome refusal = refusal(lun, identity, offset, length);
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        inPieces(
                lun,
                identity,
                offset,
                length,
                piece ->
                        new LogEntry.WriteSame(
                                core.nextPosition(),
                                lun,
                                piece,
                                pieceLength(piece, offset, length),
                                copy),
                done);
    }

    void unmap(int lun, UUID identity, long offset, long length, Outcome.Handler done) {
        Outcome refusal = refusal(lun, identity, offset, length);
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        inPieces(
                lun,
                identity,
                offset,
                length,
                piece ->
                        new LogEntry.Unmap(
                                core.nextPosition(),
                                lun,
                                piece,
                                pieceLength(piece, offset, length)),
                done);
    }

    void flush(Outcome.Handler done) {
        Outcome refusal = serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
        } else {
            answerWhenDurable(done);
        }
    }

    void put(String key, ByteBuffer value, Outcome.Handler done) {
        Outcome refusal = serviceRefusal();
        if (refusal != null) {
            done.ended(refusal);
            return;
        }
        long bytes = ENTRY_OVERHEAD + value.remaining() + key.length() * 4L;
        admission.admit(
                new Need(VolumeCore.worstCase(Blocks.roundUp(bytes), 1), bytes),
                () -> {
                    core.log(new LogEntry.Put(core.nextPosition(), key, value));
                    answerWhenDurable(done);
                },
                done);
    }

    /// Cuts a long range into entries, one after the other, and answers when the last is durable.
    private void inPieces(
            int lun,
            UUID identity,
            long offset,
            long length,
            LongFunction<LogEntry> entryAt,
            Outcome.Handler done) {
        if (length == 0) {
            done.ended(Outcome.done());
            return;
        }
        nextPiece(lun, identity, offset, offset, length, entryAt, done);
    }

    private void nextPiece(
            int lun,
            UUID identity,
            long at,
            long offset,
            long length,
            LongFunction<LogEntry> entryAt,
            Outcome.Handler done) {
        long bytes = pieceLength(at, offset, length);
        admission.admit(
                need(lun, at, bytes, Blocks.SECTOR),
                () -> {
                    if (isGone(lun, identity)) {
                        done.ended(new Outcome.OutOfRange());
                        return;
                    }
                    core.log(entryAt.apply(at));
                    long next = at + bytes;
                    if (next < offset + length) {
                        core.copy
                                .loop()
                                .execute(
                                        () ->
                                                nextPiece(
                                                        lun, identity, next, offset, length,
                                                        entryAt, done));
                    } else {
                        answerWhenDurable(done);
                    }
                },
                done);
    }

    /// Bytes of the piece that starts at `at`: up to the next border of [#BLOCKS_PER_ENTRY] blocks.
    private static long pieceLength(long at, long offset, long length) {
        long unit = Blocks.toBytes(BLOCKS_PER_ENTRY);
        long border = (at / unit + 1) * unit;
        return Math.min(border, offset + length) - at;
    }

    private void answerWhenDurable(Outcome.Handler done) {
        core.gate.await(core.sequence, () -> done.ended(Outcome.done()), done);
    }

    private Need need(int lun, long offset, long length, long dataBytes) {
        LunState state = core.luns.find(lun);
        int levels = state == null ? 1 : state.root().levels() + 1;
        long blocks = VolumeCore.blocksTouched(offset, length);
        return new Need(VolumeCore.worstCase(blocks, levels), dataBytes + ENTRY_OVERHEAD);
    }

    private @Nullable Outcome refusal(int lun, UUID identity, long offset, long length) {
        Check.that(
                offset % Blocks.SECTOR == 0 && length % Blocks.SECTOR == 0,
                "hosts address whole sectors",
                offset,
                length);
        LunState state = core.luns.find(lun);
        if (state == null || isGone(lun, identity)) {
            return new Outcome.OutOfRange();
        }
        if (offset < 0 || length < 0 || offset > state.record().size() - length) {
            return new Outcome.OutOfRange();
        }
        return serviceRefusal();
    }

    private boolean isGone(int lun, UUID identity) {
        LunState state = core.luns.find(lun);
        return state == null || !state.record().identity().equals(identity);
    }

    private @Nullable Outcome serviceRefusal() {
        return switch (volume.service()) {
            case SERVING -> null;
            case SUSPENDED -> new Outcome.Busy(volume.reason());
            case JOINING, STOPPED -> new Outcome.NotServing(volume.reason());
        };
    }

    private static boolean isZero(ByteBuffer pattern) {
        for (int at = pattern.position(); at < pattern.limit(); at++) {
            if (pattern.get(at) != 0) {
                return false;
            }
        }
        return true;
    }
}
