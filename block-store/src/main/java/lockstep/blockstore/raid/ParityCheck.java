package lockstep.blockstore.raid;

import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.disk.Together;
import lockstep.blockstore.io.IoCompletion;

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
        group.checksums()
                .pin(
                        dbn,
                        count,
                        fault -> {
                            if (fault != null) {
                                found(fault.toString());
                                next(index, dbn + count, done);
                                return;
                            }
                            readStripes(
                                    group,
                                    dbn,
                                    count,
                                    () -> {
                                        group.checksums().unpin(dbn, count);
                                        next(index, dbn + count, done);
                                    });
                        });
    }

    private void readStripes(RaidGroup group, long dbn, int count, Runnable done) {
        @Nullable ByteBuffer[][] blocks = new @Nullable ByteBuffer[group.slots()][count];
        Together reads =
                new Together(
                        _ -> {
                            for (int i = 0; i < count; i++) {
                                check(group, dbn + i, i, blocks);
                            }
                            done.run();
                        });
        for (int slot = 0; slot < group.slots(); slot++) {
            if (group.disks().live(slot)) {
                int at = slot;
                IoCompletion one = reads.one();
                group.reader()
                        .read(
                                slot,
                                dbn,
                                count,
                                found -> {
                                    blocks[at] = found;
                                    one.ended(null);
                                });
            }
        }
        reads.start();
    }

    private void check(RaidGroup group, long dbn, int stripe, @Nullable ByteBuffer[][] blocks) {
        stripes++;
        ByteBuffer sum = Parity.zeros();
        boolean whole = true;
        for (int slot = 0; slot < group.slots(); slot++) {
            String where = "group " + group.disks().index() + " slot " + slot + " dbn " + dbn;
            ChecksumEntry entry = group.checksums().get(slot, dbn);
            boolean data = slot < group.disks().paritySlot();
            if (data && entry == null && isLive.test(vbn(group, slot, dbn))) {
                found(where + ": live and never written");
            }
            ByteBuffer content = blocks[slot][stripe];
            if (content == null) {
                whole = false;
                if (group.disks().live(slot)) {
                    found(where + ": not readable");
                }
                continue;
            }
            Parity.add(sum, content);
            if (entry != null && Crc32c.of(content) != entry.crc()) {
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
