package lockstep.target.admin.model;

/// How long a takeover of a volume by this node would take, found out by a rehearsal at `atMillis`
/// (1970), of image `image`. Stages in microseconds: `judgingMicros`, `imageMicros` until the image
/// was loaded, `replayMicros` for `entries` log entries, `firstReadMicros` for the first block of
/// the first LUN, `allReadMicros` for that of all `luns`; `totalMicros` is all of it. `leaseMicros`
/// is what was left then of the old source's lease, which a takeover waits for and which is not in
/// the total. `loses` is what it would have cost in data; `text` says all of it to people.
public record RehearsalView(
        String volume,
        long atMillis,
        String image,
        long judgingMicros,
        long imageMicros,
        long entries,
        long entriesPerSecond,
        long replayMicros,
        int luns,
        long firstReadMicros,
        long allReadMicros,
        long totalMicros,
        long leaseMicros,
        String loses,
        String text) {}
