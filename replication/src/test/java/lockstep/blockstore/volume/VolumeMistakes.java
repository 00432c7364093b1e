package lockstep.blockstore.volume;

import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.log.Appended;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.LogStream;

import org.jspecify.annotations.NullUnmarked;

import java.util.Map;
import java.util.WeakHashMap;

/// What bugs do instead, with what only this package sees.
@NullUnmarked
final class VolumeMistakes {
    private static final Map<VolumeCore, LogEntry> LATE = new WeakHashMap<>();

    private VolumeMistakes() {}

    /// Takes for durable what was only given to the log.
    public static Appended appendAndTell(
            LogStream log, long half, LogEntry entry, VolumeCore core) {
        long sequence = entry.position().sequence();
        core.copy.loop().execute(() -> core.gate.local(sequence));
        return log.append(half, entry);
    }

    /// Answers without waiting.
    public static void answerAtOnce(
            AckGate gate, long sequence, Runnable release, Outcome.Handler aborted) {
        release.run();
    }

    /// An unmap is applied after the entry that follows it.
    public static void unmapLate(VolumeCore core, LogEntry entry) {
        LogEntry late = LATE.remove(core);
        if (late == null && entry instanceof LogEntry.Unmap) {
            LATE.put(core, entry);
            return;
        }
        core.apply(entry);
        if (late != null) {
            core.apply(late);
        }
    }
}
