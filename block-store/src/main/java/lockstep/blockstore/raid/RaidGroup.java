package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.io.IoCompletion;

import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;

/// One RAID-4 group: its disks and what keeps them in order.
final class RaidGroup {
    private final GroupDisks disks;
    private final ChecksumStore checksums;
    private final StripeLocks locks = new StripeLocks();
    private final StripeReader reader;
    private final NoteLog notes;
    private final Holes holes = new Holes();
    private final TrafficCount traffic = new TrafficCount();
    private final RunBuffers buffers = new RunBuffers();

    RaidGroup(GroupDisks disks) {
        this.disks = disks;
        this.checksums = new ChecksumStore(disks, traffic);
        this.reader = new StripeReader(disks, checksums);
        this.notes = new NoteLog(disks, traffic);
    }

    GroupDisks disks() {
        return disks;
    }

    int slots() {
        return disks.slots();
    }

    ChecksumStore checksums() {
        return checksums;
    }

    StripeLocks locks() {
        return locks;
    }

    StripeReader reader() {
        return reader;
    }

    NoteLog notes() {
        return notes;
    }

    Holes holes() {
        return holes;
    }

    RunBuffers buffers() {
        return buffers;
    }

    TrafficCount traffic() {
        return traffic;
    }

    /// Makes all that was written durable; the stripes noted so far are in order then.
    void flush(IoCompletion done) {
        flushMeanwhile(
                fault -> {
                    if (fault == null) {
                        notes.flushed();
                    }
                    done.ended(fault);
                });
    }

    /// Makes durable what has ended by now, while stripes are being written: their notes stay.
    void flushMeanwhile(IoCompletion done) {
        List<PageWrites.Landed> covered = checksums.writes().landed();
        disks.flush(
                fault -> {
                    if (fault == null) {
                        checksums.writes().flushed(covered);
                    }
                    done.ended(fault);
                });
    }

    /// Works a block out from its stripe into `into`, and puts it back where it belongs. With
    /// `again` it is read once more before: what came back wrong may have been a transient error of
    /// what is between here and the medium, and a degraded group has nothing to work it out from.
    void heal(int slot, long dbn, int crc, boolean again, ByteBuffer into, Read.Handler done) {
        withStripe(
                slot,
                dbn,
                into,
                done,
                ended -> {
                    if (again && disks.live(slot)) {
                        readAgain(slot, dbn, crc, ended);
                    } else {
                        reader.recover(slot, dbn, crc, ended);
                    }
                });
    }

    private void readAgain(int slot, long dbn, int crc, StripeReader.Recovered ended) {
        reader.read(
                slot,
                dbn,
                1,
                blocks -> {
                    ByteBuffer content = blocks[0];
                    if (content == null || Crc32c.of(content) != crc) {
                        reader.recover(slot, dbn, crc, ended);
                    } else {
                        ended.ended(content);
                    }
                });
    }

    /// As [#heal] without putting it back, as its own disk is slow; lost here says only that it has
    /// to be waited for.
    void readWithout(int slot, long dbn, int crc, ByteBuffer into, Read.Handler done) {
        withStripe(slot, dbn, into, done, ended -> reader.workOut(slot, dbn, crc, ended));
    }

    /// See [HeldBlocks#read].
    void readHeld(int slot, long dbn, ChecksumEntry wanted, ByteBuffer into, Read.Handler done) {
        withStripe(
                slot,
                dbn,
                into,
                done,
                ended -> {
                    ChecksumEntry entry = checksums.get(slot, dbn);
                    boolean older =
                            entry != null
                                    && wanted.isNewerThan(entry.epochCounter(), entry.cpCount());
                    if (older || !isHeld(slot, dbn, wanted.crc())) {
                        ended.ended(null);
                    } else if (disks.live(slot)) {
                        readBlamed(slot, dbn, wanted.crc(), ended);
                    } else {
                        reader.recover(slot, dbn, wanted.crc(), ended);
                    }
                });
    }

    private boolean isHeld(int slot, long dbn, int crc) {
        ChecksumEntry entry = checksums.get(slot, dbn);
        return entry != null && entry.crc() == crc;
    }

    private void readBlamed(int slot, long dbn, int crc, StripeReader.Recovered ended) {
        reader.read(
                slot,
                dbn,
                1,
                blocks -> {
                    ByteBuffer content = blocks[0];
                    if (content != null && Crc32c.of(content) == crc) {
                        disks.countGood(slot, 1);
                        ended.ended(content);
                    } else {
                        reader.countBad(slot, dbn, content);
                        reader.recover(slot, dbn, crc, ended);
                    }
                });
    }

    /// See [HeldBlocks#restore].
    void restore(int slot, long dbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        locks.lock(
                dbn,
                1,
                () ->
                        checksums.pin(
                                dbn,
                                1,
                                fault -> {
                                    if (fault == null) {
                                        restorePinned(slot, dbn, crc, content, done);
                                    } else {
                                        locks.unlock(dbn, 1);
                                        done.accept(Restored.UNKNOWN);
                                    }
                                }));
    }

    private void restorePinned(
            int slot, long dbn, int crc, ByteBuffer content, Consumer<Restored> done) {
        Consumer<Restored> ended =
                what -> {
                    checksums.unpin(dbn, 1);
                    locks.unlock(dbn, 1);
                    done.accept(what);
                };
        if (!isHeld(slot, dbn, crc)) {
            ended.accept(Restored.OTHER);
        } else if (!disks.live(slot)) {
            ended.accept(Restored.AWAY);
        } else {
            // Once more: somebody else may have healed it meanwhile.
            reader.read(
                    slot,
                    dbn,
                    1,
                    found -> {
                        if (reader.matches(slot, dbn, found[0])) {
                            ended.accept(Restored.GOOD);
                        } else {
                            putBack(slot, dbn, content, ended);
                        }
                    });
        }
    }

    private void putBack(int slot, long dbn, ByteBuffer content, Consumer<Restored> ended) {
        reader.writeBack(
                slot,
                dbn,
                content,
                _ -> ended.accept(disks.live(slot) ? Restored.HEALED : Restored.AWAY));
    }

    private void withStripe(
            int slot,
            long dbn,
            ByteBuffer into,
            Read.Handler done,
            Consumer<StripeReader.Recovered> work) {
        StripeReader.Recovered ended =
                content -> {
                    checksums.unpin(dbn, 1);
                    locks.unlock(dbn, 1);
                    if (content == null) {
                        String where = " dbn " + dbn + " of group " + disks.index();
                        done.ended(new Read.Lost("slot " + slot + where + " is lost"));
                    } else {
                        into.put(into.position(), content, 0, content.capacity());
                        done.ended(Read.Ok.OK);
                    }
                };
        locks.lock(
                dbn,
                1,
                () ->
                        checksums.pin(
                                dbn,
                                1,
                                fault -> {
                                    if (fault != null) {
                                        locks.unlock(dbn, 1);
                                        done.ended(new Read.Lost(fault.toString()));
                                    } else {
                                        work.accept(ended);
                                    }
                                }));
    }

    /// See [VbnSpace#recover].
    void recover(CpId committed, IoCompletion done) {
        new GroupRecovery(this, committed).run(done);
    }
}
