package lockstep.target;

import lockstep.blockstore.cp.Snapshot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SequencedMap;
import java.util.UUID;
import java.util.regex.Pattern;

/// Snapshots taken by the clock: of `luns` (empty: all that take writes), at wall-clock times that
/// are multiples of `everySeconds`, the newest `keep` kept. What was taken when stands in the
/// snapshots themselves, so nothing else is remembered, and a takeover goes on where the other node
/// stopped.
///
/// All of a volume are one value of its state, [#KEY], text:
///
/// ```
/// 1
/// NAME EVERY-SECONDS KEEP [LUN,LUN,...]
/// ...
/// ```
record SnapshotSchedule(String name, long everySeconds, int keep, List<Integer> luns) {
    /// Where they stand in a volume's state.
    static final String KEY = "snapshot-schedules";

    /// The shortest time between two.
    static final long SHORTEST_SECONDS = 60;

    /// The longest, ten years: more is a mistake.
    static final long LONGEST_SECONDS = 10L * 366 * 24 * 3600;

    private static final String VERSION = "1";
    private static final Pattern NAME = Pattern.compile("[A-Za-z0-9._-]{1,40}");
    private static final DateTimeFormatter STAMP =
            DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss").withZone(ZoneOffset.UTC);

    SnapshotSchedule {
        luns = List.copyOf(luns);
    }

    /// Whether it makes sense.
    boolean isSane() {
        return NAME.matcher(name).matches()
                && everySeconds >= SHORTEST_SECONDS
                && everySeconds <= LONGEST_SECONDS
                && keep >= 1
                && keep <= Snapshot.MAX;
    }

    /// The name of the snapshot that is taken at `wallMillis`.
    String snapshotName(long wallMillis) {
        return name + "-" + STAMP.format(Instant.ofEpochMilli(wallMillis));
    }

    /// Whether one is to be taken, given what there is. A clock that was set back waits.
    boolean isDue(List<Snapshot> snapshots, long wallMillis) {
        long last = Long.MIN_VALUE;
        for (Snapshot snapshot : mine(snapshots)) {
            last = Math.max(last, snapshot.createdMillis());
        }
        long period = everySeconds * 1000;
        return last == Long.MIN_VALUE
                || Math.floorDiv(wallMillis, period) > Math.floorDiv(last, period);
    }

    /// What is more than `keep`, oldest first, each list taken at one moment.
    List<List<Snapshot>> surplus(List<Snapshot> snapshots) {
        SequencedMap<UUID, List<Snapshot>> groups = new LinkedHashMap<>();
        for (Snapshot snapshot : mine(snapshots)) {
            groups.computeIfAbsent(snapshot.group(), _ -> new ArrayList<>()).add(snapshot);
        }
        List<List<Snapshot>> all = List.copyOf(groups.values());
        return all.subList(0, Math.max(0, all.size() - keep));
    }

    private List<Snapshot> mine(List<Snapshot> snapshots) {
        return snapshots.stream().filter(snapshot -> snapshot.origin().equals(name)).toList();
    }

    /// The value that holds `schedules`; an empty one for none.
    static ByteBuffer encode(Map<String, SnapshotSchedule> schedules) {
        if (schedules.isEmpty()) {
            return ByteBuffer.allocate(0);
        }
        StringBuilder text = new StringBuilder(VERSION).append('\n');
        for (SnapshotSchedule one : schedules.values()) {
            text.append(one.name).append(' ').append(one.everySeconds).append(' ').append(one.keep);
            if (!one.luns.isEmpty()) {
                text.append(' ');
                text.append(String.join(",", one.luns.stream().map(String::valueOf).toList()));
            }
            text.append('\n');
        }
        return ByteBuffer.wrap(text.toString().getBytes(StandardCharsets.UTF_8));
    }

    /// The schedules of a value, by name. What cannot be read is left out.
    static SequencedMap<String, SnapshotSchedule> decode(byte[] value) {
        SequencedMap<String, SnapshotSchedule> schedules = new LinkedHashMap<>();
        String[] lines = new String(value, StandardCharsets.UTF_8).split("\n", -1);
        if (!lines[0].equals(VERSION)) {
            return schedules;
        }
        for (String line : lines) {
            SnapshotSchedule one = decodeLine(line.split(" ", -1));
            if (one != null && one.isSane()) {
                schedules.put(one.name, one);
            }
        }
        return schedules;
    }

    private static @Nullable SnapshotSchedule decodeLine(String[] parts) {
        if (parts.length < 3) {
            return null;
        }
        try {
            List<Integer> luns = new ArrayList<>();
            if (parts.length > 3) {
                for (String number : parts[3].split(",", -1)) {
                    luns.add(Integer.parseInt(number));
                }
            }
            long every = Long.parseLong(parts[1]);
            return new SnapshotSchedule(parts[0], every, Integer.parseInt(parts[2]), luns);
        } catch (NumberFormatException _) {
            // Written by a version that knows more; it is not for this one to run.
            return null;
        }
    }
}
