package lockstep.cli.verify;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;

/// All that hosts did to one sector, and whether one order of it explains all they saw.
///
/// A sector is an atomic register whose values are written once each, so the check is exact and
/// needs no search (Gibbons and Korach, Testing Shared Memories, 1997). The operations on one value
/// are its write and the reads that returned it; in any order that explains the history they stand
/// side by side, the write first. What matters of them is the first response and the last
/// invocation. If the first response comes before the last invocation, the register certainly held
/// the value from one to the other: a *hold*. Otherwise there is a moment at which all of them were
/// under way, and they fit anywhere between the last invocation and the first response: a *moment*.
/// The history is linearizable if and only if
///
/// 1. no read ended before its write began, and none returned what was never written,
/// 2. no two holds overlap,
/// 3. no moment lies within a hold of another value.
///
/// A write of unknown outcome has no response, so it may take effect at any time after it began; as
/// long as nobody reads it, it may also never do so, and constrains nothing.
final class SectorHistory {
    private static final long NONE = Long.MAX_VALUE;

    // By value, ascending; the first is the zeros from before all time.
    private long[] writes = new long[8];
    private long[] firstResponses = new long[8];
    private long[] lastInvocations = new long[8];
    private boolean[] undone = new boolean[8];
    private int count = 1;
    private @Nullable String wrong;

    /// A write begins at `sequence`, which is also what it writes and greater than all before.
    void begin(long sequence) {
        if (count == writes.length) {
            int larger = count * 2;
            writes = Arrays.copyOf(writes, larger);
            firstResponses = Arrays.copyOf(firstResponses, larger);
            lastInvocations = Arrays.copyOf(lastInvocations, larger);
            undone = Arrays.copyOf(undone, larger);
        }
        writes[count] = sequence;
        firstResponses[count] = NONE;
        lastInvocations[count] = sequence;
        undone[count] = false;
        count++;
    }

    /// The write was acknowledged at `now`.
    void acknowledged(long sequence, long now) {
        int at = find(sequence);
        firstResponses[at] = Math.min(firstResponses[at], now);
    }

    /// Whoever should have written says that it has not.
    void notDone(long sequence) {
        undone[find(sequence)] = true;
    }

    /// A read that was under way from `invoked` to `responded` returned `sequence`. Returns false
    /// if that alone is wrong.
    boolean read(long sequence, long invoked, long responded) {
        int at = find(sequence);
        if (at < 0 || responded < writes[at]) {
            wrong = "a read returned %d, which nobody had written here".formatted(sequence);
            return false;
        }
        firstResponses[at] = Math.min(firstResponses[at], responded);
        lastInvocations[at] = Math.max(lastInvocations[at], invoked);
        return true;
    }

    private int find(long sequence) {
        return Arrays.binarySearch(writes, 0, count, sequence);
    }

    /// Why no order explains what was seen; null if one does.
    @Nullable String violation() {
        if (wrong != null) {
            return wrong;
        }
        int[] holds = new int[count];
        int held = 0;
        for (int i = 0; i < count; i++) {
            if (undone[i] && firstResponses[i] != NONE) {
                return "write %d was refused, and then read".formatted(writes[i]);
            }
            if (firstResponses[i] < lastInvocations[i]) {
                holds[held++] = i;
            }
        }
        long[] starts = sortByFirstResponse(holds, held);
        for (int i = 1; i < held; i++) {
            if (firstResponses[holds[i]] < lastInvocations[holds[i - 1]]) {
                return conflict(holds[i], holds[i - 1]);
            }
        }
        for (int i = 0; i < count; i++) {
            boolean moment = firstResponses[i] > lastInvocations[i] && firstResponses[i] != NONE;
            int around = -Arrays.binarySearch(starts, lastInvocations[i]) - 2;
            if (moment && around >= 0 && firstResponses[i] < lastInvocations[holds[around]]) {
                return conflict(i, holds[around]);
            }
        }
        return null;
    }

    private long[] sortByFirstResponse(int[] holds, int held) {
        Integer[] order = new Integer[held];
        for (int i = 0; i < held; i++) {
            order[i] = holds[i];
        }
        Arrays.sort(order, (a, b) -> Long.compare(firstResponses[a], firstResponses[b]));
        long[] starts = new long[held];
        for (int i = 0; i < held; i++) {
            holds[i] = order[i];
            starts[i] = firstResponses[order[i]];
        }
        return starts;
    }

    private String conflict(int one, int other) {
        return "%s cannot be with %s".formatted(describe(one), describe(other));
    }

    private String describe(int at) {
        return "write %d (first response at %d, last invocation at %d)"
                .formatted(writes[at], firstResponses[at], lastInvocations[at]);
    }
}
