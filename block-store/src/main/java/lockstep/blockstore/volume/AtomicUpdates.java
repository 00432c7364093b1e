package lockstep.blockstore.volume;

import lockstep.blockstore.base.IoBuffer;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.volume.Admission.Need;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.UUID;
import java.util.function.Consumer;

/// Commands that read sectors and then write them, as one step: COMPARE AND WRITE and ORWRITE. The
/// sectors are held from before the read until the write has its place in the log.
///
/// What a COMPARE AND WRITE logs is the write it became, and it logs it only when the way to GOOD
/// was seen to be open: first an entry without effect, the *probe*, becomes durable on every leg. A
/// host repeats a command that got no answer, and the repeat must find the bytes that the first one
/// found. So while one leg does not answer (a log device hangs, a link carries one way only, the
/// partner stalls) no other may hold the write: the probe waits, and the write exists nowhere. A
/// takeover in that time finds nothing of the command, and its repeat succeeds.
///
/// What stays is the moment between the write's arrival at the mirror and the answer, which no
/// protocol of two nodes can remove: whoever takes over in it must keep the write, because GOOD may
/// have left, and the repeat miscompares.
final class AtomicUpdates {
    /// What a probe takes in the log.
    private static final Need PROBE = new Need(0, 8192);

    private final MediaPath media;
    private final VolumeCore core;
    private final Admission admission;
    private final SectorLocks locks;

    AtomicUpdates(MediaPath media, VolumeCore core, Admission admission, SectorLocks locks) {
        this.media = media;
        this.core = core;
        this.admission = admission;
        this.locks = locks;
    }

    /// The first half of `both` (handed over) is what the range must hold, the second what it holds
    /// then.
    void compareAndWrite(int lun, UUID identity, long offset, IoBuffer both, Outcome.Handler done) {
        Update update = new Update(lun, identity, offset, both.size() / 2, both, done);
        update.begin(() -> update.probe(() -> update.read(update::compare)));
    }

    /// Sets the bits of `data` (handed over) in the range.
    void orWrite(int lun, UUID identity, long offset, IoBuffer data, Outcome.Handler done) {
        Update update = new Update(lun, identity, offset, data.size(), data, done);
        update.begin(() -> update.behindAdmitted(() -> update.read(update::or)));
    }

    /// One command under way. It ends by [#fail] or by [#write], once; each step goes on in the
    /// handler of the one before.
    private final class Update {
        private final int lun;
        private final UUID identity;
        private final long offset;
        private final int length;
        private final IoBuffer data;
        private final Outcome.Handler done;
        private SectorLocks.@Nullable Lock lock;
        private long restoresSeen;

        Update(
                int lun,
                UUID identity,
                long offset,
                int length,
                IoBuffer data,
                Outcome.Handler done) {
            this.lun = lun;
            this.identity = identity;
            this.offset = offset;
            this.length = length;
            this.data = data;
            this.done = done;
        }

        void begin(Runnable first) {
            Outcome refusal = media.refusal(lun, identity, offset, length);
            if (refusal != null || length == 0) {
                data.release();
                done.ended(refusal == null ? Outcome.done() : refusal);
                return;
            }
            locks.hold(
                    lun,
                    offset,
                    length,
                    held -> {
                        lock = held;
                        first.run();
                    });
        }

        /// Commands are admitted in order, so those that came before this one are in the log then.
        void behindAdmitted(Runnable next) {
            admit(new Need(0, 0), next);
        }

        /// A volume on one node has no leg that could hold what another does not.
        void probe(Runnable next) {
            if (core.gate.legs() == Legs.LOCAL) {
                behindAdmitted(next);
                return;
            }
            admit(
                    PROBE,
                    () -> {
                        core.log(new LogEntry.Unmap(core.nextPosition(), lun, offset, 0));
                        core.gate.await(core.sequence, next, this::notProbed);
                    });
        }

        /// Nothing was written, so the host is not told that anything may be found.
        private void notProbed(Outcome aborted) {
            Outcome refusal = media.serviceRefusal();
            fail(refusal == null ? aborted : refusal);
        }

        void read(Consumer<ByteBuffer> next) {
            ByteBuffer found = ByteBuffer.allocate(length);
            restoresSeen = core.luns.restores();
            media.read(
                    lun,
                    identity,
                    offset,
                    found,
                    outcome -> {
                        if (outcome.isDone()) {
                            next.accept(found);
                        } else {
                            fail(outcome);
                        }
                    });
        }

        void compare(ByteBuffer found) {
            ByteBuffer both = data.view();
            int differs = found.mismatch(both.slice(0, length));
            if (differs >= 0) {
                fail(new Outcome.Miscompare(differs));
            } else {
                write(both.slice(length, length), this::compare);
            }
        }

        void or(ByteBuffer found) {
            ByteBuffer bits = data.view();
            for (int at = 0; at < length; at += Long.BYTES) {
                found.putLong(at, found.getLong(at) | bits.getLong(at));
            }
            write(found, this::or);
        }

        /// A LUN that went back to a snapshot since it was read, which locks of sectors do not keep
        /// from happening, is read anew, for `again`.
        private void write(ByteBuffer bytes, Consumer<ByteBuffer> again) {
            admit(
                    media.need(lun, offset, length, length),
                    () -> {
                        if (restoresSeen != core.luns.restores()) {
                            read(again);
                            return;
                        }
                        core.log(new LogEntry.Write(core.nextPosition(), lun, offset, bytes));
                        media.answerWhenDurable(done);
                        giveBack();
                    });
        }

        private void admit(Need need, Runnable go) {
            Outcome refusal = media.serviceRefusal();
            if (refusal != null) {
                fail(refusal);
                return;
            }
            admission.admit(
                    need,
                    () -> {
                        if (media.isGone(lun, identity)) {
                            fail(new Outcome.OutOfRange());
                        } else {
                            go.run();
                        }
                    },
                    this::fail);
        }

        private void fail(Outcome outcome) {
            giveBack();
            done.ended(outcome);
        }

        private void giveBack() {
            data.release();
            SectorLocks.Lock held = lock;
            if (held != null) {
                lock = null;
                held.release();
            }
        }
    }
}
