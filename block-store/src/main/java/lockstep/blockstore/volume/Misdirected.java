package lockstep.blockstore.volume;

import lockstep.blockstore.raid.ScrubFinding;

import java.util.ArrayList;
import java.util.List;

/// Recognizes two findings as one misdirected write: what stands wrongly at one VBN is what is
/// missing at another. Only the last some findings are kept.
final class Misdirected {
    private static final int KEPT = 512;

    /// Content of `meant` stood at `landed`.
    record Pair(long meant, long landed) {}

    private final List<ScrubFinding> seen = new ArrayList<>();

    List<Pair> pairsWith(ScrubFinding finding) {
        if (finding.vbn() < 0) {
            return List.of();
        }
        List<Pair> pairs = new ArrayList<>();
        for (ScrubFinding other : seen) {
            if (other.vbn() == finding.vbn()) {
                continue;
            }
            if (isContentOf(finding, other)) {
                pairs.add(new Pair(other.vbn(), finding.vbn()));
            } else if (isContentOf(other, finding)) {
                pairs.add(new Pair(finding.vbn(), other.vbn()));
            }
        }
        if (seen.size() == KEPT) {
            seen.removeFirst();
        }
        seen.add(finding);
        return pairs;
    }

    private static boolean isContentOf(ScrubFinding landed, ScrubFinding meant) {
        return landed.foundCrc() >= 0 && landed.foundCrc() == meant.wantedCrc();
    }

    void clear() {
        seen.clear();
    }
}
