package lockstep.blockstore.raid;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.GroupDisks;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// Looks at some consecutive stripes of a group under their lock: reads every member, verifies
/// every block by its entry, and parity by the data, and makes good what is wrong
/// ([StripeVerdict]).
///
/// Where a block's entry changes (parity that gets other bytes), it does so in memory, and the next
/// consistency point writes the page with its own. A page that was written and not flushed yet gets
/// no such entry: two writes of a page between two flushes share a sequence, and only dirty notes
/// make good what a crash between them costs. Such stripes are looked at again a little later.
final class StripeScrub {
    private static final int TRIES = 100;
    private static final long PAUSE_NANOS = 50_000_000;

    private final RaidGroup group;
    private final VbnSpace space;
    private final NotedStripes noted;
    private final ScrubListener listener;
    private final long dbn;
    private final int count;
    private final OwnRequests requests;
    private final Runnable done;
    private final StripeVerdict[] verdicts;
    private final List<ByteBuffer> buffers = new ArrayList<>();
    private final ByteBuffer scratch = Parity.zeros();
    private @Nullable ByteBuffer[][] found;
    private int missing;
    private int tries;

    StripeScrub(
            RaidGroup group,
            VbnSpace space,
            NotedStripes noted,
            ScrubListener listener,
            StripeRange stripes,
            OwnRequests requests,
            Runnable done) {
        this.group = group;
        this.space = space;
        this.noted = noted;
        this.listener = listener;
        this.dbn = stripes.dbn();
        this.count = stripes.count();
        this.requests = requests;
        this.done = done;
        this.verdicts = new StripeVerdict[count];
        this.found = new @Nullable ByteBuffer[group.slots()][count];
    }

    void run() {
        group.locks().lock(dbn, count, () -> group.checksums().pin(dbn, count, this::pinned));
    }

    private void pinned(@Nullable IoFault fault) {
        if (fault != null) {
            // The pages' own scrub has told what is lost.
            group.locks().unlock(dbn, count);
            done.run();
            return;
        }
        found = new @Nullable ByteBuffer[group.slots()][count];
        Together reads = new Together(_ -> judgeAll());
        for (int slot = 0; slot < group.slots(); slot++) {
            if (group.disks().readable(slot, dbn)) {
                int at = slot;
                IoCompletion one = requests.counted(reads.one());
                ByteBuffer into = group.buffers().take();
                buffers.add(into);
                group.reader()
                        .read(
                                slot,
                                dbn,
                                count,
                                into,
                                blocks -> {
                                    found[at] = blocks;
                                    one.ended(null);
                                });
            }
        }
        reads.start();
    }

    private void judgeAll() {
        missing = group.disks().missingAt(dbn);
        for (int i = 0; i < count; i++) {
            verdicts[i] = judge(i);
        }
        readAgain();
    }

    private StripeVerdict judge(int stripe) {
        if (noted.has(group.disks().index(), dbn + stripe)) {
            return StripeVerdict.unknown(group.slots());
        }
        @Nullable ByteBuffer[] blocks = new @Nullable ByteBuffer[group.slots()];
        @Nullable ChecksumEntry[] entries = new @Nullable ChecksumEntry[group.slots()];
        for (int slot = 0; slot < group.slots(); slot++) {
            blocks[slot] = found[slot][stripe];
            entries[slot] = group.checksums().get(slot, dbn + stripe);
        }
        return StripeVerdict.of(blocks, entries, group.disks().paritySlot(), missing, scratch);
    }

    // What came back wrong is read once more: a transient error of a cable or a controller is no
    // reason to call anything lost.
    private void readAgain() {
        Together again = new Together(_ -> judgeAgain());
        for (int i = 0; i < count; i++) {
            for (int slot = 0; slot < group.slots() && verdicts[i].wrong != 0; slot++) {
                boolean wrong = (verdicts[i].wrong & (1L << slot)) != 0 && found[slot][i] != null;
                if (wrong && group.checksums().get(slot, dbn + i) != null) {
                    readAgain(slot, i, requests.counted(again.one()));
                }
            }
        }
        again.start();
    }

    private void readAgain(int slot, int stripe, IoCompletion one) {
        if (!group.disks().readable(slot, dbn)) {
            one.ended(null);
            return;
        }
        group.reader()
                .read(
                        slot,
                        dbn + stripe,
                        1,
                        blocks -> {
                            found[slot][stripe] = blocks[0];
                            one.ended(null);
                        });
    }

    private void judgeAgain() {
        missing = group.disks().missingAt(dbn);
        boolean later = false;
        for (int i = 0; i < count; i++) {
            boolean changed = verdicts[i].wrong != 0 || verdicts[i].isOutdated(missing);
            verdicts[i] = changed ? judge(i) : verdicts[i];
            int stamped = verdicts[i].stamped();
            later |= stamped >= 0 && !group.checksums().canStamp(stamped, dbn + i);
        }
        if (later && tries++ < TRIES) {
            release();
            group.disks().loop().clock().schedule(PAUSE_NANOS, this::run);
            return;
        }
        repair();
    }

    private void repair() {
        Together writes = new Together(_ -> repaired());
        GroupDisks disks = group.disks();
        for (int slot = 0; slot < group.slots(); slot++) {
            int good = 0;
            for (int i = 0; i < count; i++) {
                ByteBuffer content = verdicts[i].repairs[slot];
                boolean wrong = (verdicts[i].wrong & (1L << slot)) != 0;
                good += wrong ? 0 : 1;
                // Where only an entry was wrong, the disk is not to blame for its block; nor where
                // nothing was ever written and what an earlier use has left shows.
                boolean written = group.checksums().get(slot, dbn + i) != null;
                boolean blamed = written || found[slot][i] == null;
                if (wrong && blamed && slot != verdicts[i].stamped()) {
                    group.reader().countBad(slot, dbn + i, found[slot][i]);
                }
                if (content != null) {
                    long at = disks.layout().dataStart() + dbn + i;
                    disks.write(
                            slot, at, List.of(content.duplicate()), requests.counted(writes.one()));
                }
            }
            disks.countGood(slot, good);
        }
        writes.start();
    }

    private void repaired() {
        int parity = group.disks().paritySlot();
        for (int i = 0; i < count; i++) {
            StripeVerdict verdict = verdicts[i];
            for (int slot = 0; slot < group.slots(); slot++) {
                long bit = 1L << slot;
                if ((verdict.lost & bit) != 0) {
                    group.disks().events().lostBlock(group.disks().index(), slot, dbn + i);
                    tell(ScrubFinding.Kind.LOST, slot, i, "its stripe cannot give it");
                } else if (slot == verdict.stamped()) {
                    ScrubFinding.Kind kind =
                            slot == parity
                                    ? ScrubFinding.Kind.PARITY_ERROR
                                    : ScrubFinding.Kind.ENTRY_ERROR;
                    tell(kind, slot, i, "it is what its stripe says, and its entry was not");
                    group.checksums().put(slot, dbn + i, verdict.newEntry());
                } else if (verdict.repairs[slot] != null) {
                    group.disks().events().healed(group.disks().index(), slot, dbn + i);
                    ScrubFinding.Kind kind =
                            slot == parity ? ScrubFinding.Kind.PARITY : ScrubFinding.Kind.DATA;
                    tell(kind, slot, i, reason(slot, i));
                }
            }
        }
        release();
        done.run();
    }

    private String reason(int slot, int stripe) {
        if (found[slot][stripe] == null) {
            return "not readable";
        }
        return group.checksums().get(slot, dbn + stripe) == null
                ? "never written, and not zeros"
                : "checksum mismatch";
    }

    private void tell(ScrubFinding.Kind kind, int slot, int stripe, String detail) {
        ChecksumEntry entry = group.checksums().get(slot, dbn + stripe);
        ByteBuffer content = found[slot][stripe];
        int index = group.disks().index();
        listener.found(
                new ScrubFinding(
                        kind,
                        index,
                        slot,
                        dbn + stripe,
                        slot == group.disks().paritySlot()
                                ? -1
                                : space.geometry().vbn(index, slot, dbn + stripe),
                        entry == null ? ScrubFinding.UNKNOWN : ScrubFinding.crc(entry.crc()),
                        content == null
                                ? ScrubFinding.UNKNOWN
                                : ScrubFinding.crc(Crc32c.of(content)),
                        detail));
    }

    private void release() {
        buffers.forEach(group.buffers()::give);
        buffers.clear();
        group.checksums().unpin(dbn, count);
        group.locks().unlock(dbn, count);
    }
}
