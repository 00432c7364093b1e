package lockstep.blockstore.raid;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/// Invariant 3, the part of the RAID layer: every stripe's parity is the XOR of its data, every
/// block that was ever written matches its entry, and every live block was written.
public final class ParityCheck {
    private static final int STRIPES = 64;
    private static final int FINDINGS_KEPT = 100;

    /// What was wrong, the first hundred; and how many stripes were looked at.
    public record Report(long stripes, List<String> findings) {
        /// Nothing was wrong.
        public boolean clean() {
            return findings.isEmpty();
        }
    }

    private final RaidGeometry geometry;
    private final List<RaidGroup> groups;
    private final LongPredicate isLive;
    private final List<String> findings = new ArrayList<>();
    private long stripes;

    ParityCheck(RaidGeometry geometry, List<RaidGroup> groups, LongPredicate isLive) {
        this.geometry = geometry;
        this.groups = groups;
        this.isLive = isLive;
    }

    void run(Consumer<Report> done) {
        next(0, 0, done);
    }

    private void next(int index, long dbn, Consumer<Report> done) {
        if (index == groups.size()) {
            done.accept(new Report(stripes, List.copyOf(findings)));
            return;
        }
        RaidGroup group = groups.get(index);
        long dbns = group.disks().layout().dbnCount();
        if (dbn >= dbns) {
            next(index + 1, 0, done);
            return;
        }
        int count = (int) Math.min(STRIPES, dbns - dbn);
        Runnable goOn =
                () -> {
                    group.locks().unlock(dbn, count);
                    next(index, dbn + count, done);
                };
        group.locks()
                .lock(
                        dbn,
                        count,
                        () ->
                                group.checksums()
                                        .pin(dbn, count, f -> pinned(group, dbn, count, f, goOn)));
    }

    private void pinned(
            RaidGroup group, long dbn, int count, @Nullable IoFault fault, Runnable done) {
        if (fault != null) {
            found(fault.toString());
            done.run();
            return;
        }
        readStripes(
                group,
                dbn,
                count,
                () -> {
                    group.checksums().unpin(dbn, count);
                    done.run();
                });
    }

    private void readStripes(RaidGroup group, long dbn, int count, Runnable done) {
        @Nullable ByteBuffer[] @Nullable [] blocks =
                new @Nullable ByteBuffer[group.slots()] @Nullable [];
        Together reads =
                new Together(
                        _ -> {
                            for (int i = 0; i < count; i++) {
                                check(group, dbn + i, i, blocks);
                            }
                            done.run();
                        });
        for (int slot = 0; slot < group.slots(); slot++) {
            int readable = group.disks().readableOf(slot, dbn, count);
            if (readable > 0) {
                int at = slot;
                IoCompletion one = reads.one();
                group.reader()
                        .read(
                                slot,
                                dbn,
                                readable,
                                found -> {
                                    blocks[at] = found;
                                    one.ended(null);
                                });
            }
        }
        reads.start();
    }

    private void check(
            RaidGroup group, long dbn, int stripe, @Nullable ByteBuffer[] @Nullable [] blocks) {
        stripes++;
        ByteBuffer sum = Parity.zeros();
        boolean whole = true;
        for (int slot = 0; slot < group.slots(); slot++) {
            String where = "group " + group.disks().index() + " slot " + slot + " dbn " + dbn;
            ChecksumEntry entry = group.checksums().get(slot, dbn);
            boolean data = slot != group.disks().paritySlot();
            if (data && entry == null && isLive.test(vbn(group, slot, dbn))) {
                found(where + ": live and never written");
            }
            @Nullable ByteBuffer[] read = blocks[slot];
            boolean readable = read != null && stripe < read.length;
            ByteBuffer content = read != null && readable ? read[stripe] : null;
            if (content == null) {
                whole = false;
                if (readable) {
                    found(where + ": not readable");
                }
                continue;
            }
            if (entry == null) {
                // It counts as zeros, whatever a stray write or an earlier use left there.
                continue;
            }
            Parity.add(sum, content);
            if (Crc32c.of(content) != entry.crc()) {
                found(where + ": content does not match its entry");
            }
        }
        while (whole && sum.hasRemaining()) {
            if (sum.getLong() != 0) {
                found("group " + group.disks().index() + " dbn " + dbn + ": wrong parity");
                return;
            }
        }
    }

    private long vbn(RaidGroup group, int slot, long dbn) {
        return geometry.vbn(group.disks().index(), slot, dbn);
    }

    private void found(String finding) {
        if (findings.size() < FINDINGS_KEPT) {
            findings.add(finding);
        }
    }
}
