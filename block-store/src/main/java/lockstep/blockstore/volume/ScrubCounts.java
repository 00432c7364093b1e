package lockstep.blockstore.volume;

import lockstep.blockstore.raid.ScrubFinding;

import java.util.ArrayList;
import java.util.List;

/// What one pass of a scrub has found: blocks made good, by their stripes or by the partner,
/// parities that were not those of their data, copies of checksum pages and of records written
/// anew, blocks that are lost, writes that had landed elsewhere. `lostVbns` are the first
/// [#LOST_KEPT] of the lost.
public record ScrubCounts(
        long blocks,
        long healed,
        long parityErrors,
        long pages,
        long records,
        long lost,
        long misdirected,
        List<Long> lostVbns) {
    /// Lost VBNs that are kept.
    public static final int LOST_KEPT = 100;

    /// Nothing.
    public static final ScrubCounts NONE = new ScrubCounts(0, 0, 0, 0, 0, 0, 0, List.of());

    public ScrubCounts {
        lostVbns = List.copyOf(lostVbns);
    }

    /// Whether everything was as it was written.
    public boolean isClean() {
        return healed + parityErrors + pages + records + lost == 0;
    }

    ScrubCounts read(long more) {
        return new ScrubCounts(
                blocks + more, healed, parityErrors, pages, records, lost, misdirected, lostVbns);
    }

    ScrubCounts misdirectedToo() {
        return new ScrubCounts(
                blocks, healed, parityErrors, pages, records, lost, misdirected + 1, lostVbns);
    }

    ScrubCounts and(ScrubFinding finding) {
        return switch (finding.kind()) {
            case DATA, PARITY, POINTER, ENTRY_ERROR -> of(healed + 1, parityErrors, pages, records);
            case PARITY_ERROR -> of(healed, parityErrors + 1, pages, records);
            case CHECKSUM_PAGE -> of(healed, parityErrors, pages + 1, records);
            case RECORD -> of(healed, parityErrors, pages, records + 1);
            case LOST -> andLost(finding.vbn());
            case FROM_PARTNER -> andNotLost(finding.vbn());
        };
    }

    // It was found lost just before.
    private ScrubCounts andNotLost(long vbn) {
        List<Long> others = lostVbns.stream().filter(other -> other != vbn).toList();
        return new ScrubCounts(
                blocks,
                healed + 1,
                parityErrors,
                pages,
                records,
                Math.max(0, lost - 1),
                misdirected,
                others);
    }

    private ScrubCounts of(long nowHealed, long nowParity, long nowPages, long nowRecords) {
        return new ScrubCounts(
                blocks, nowHealed, nowParity, nowPages, nowRecords, lost, misdirected, lostVbns);
    }

    // A block may be found lost by its pointer and by its stripe; it is one.
    private ScrubCounts andLost(long vbn) {
        if (vbn >= 0 && lostVbns.contains(vbn)) {
            return this;
        }
        List<Long> more = new ArrayList<>(lostVbns);
        if (vbn >= 0 && more.size() < LOST_KEPT) {
            more.add(vbn);
        }
        return new ScrubCounts(
                blocks, healed, parityErrors, pages, records, lost + 1, misdirected, more);
    }
}
