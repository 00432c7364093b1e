package lockstep.target;

import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.volume.TakeoverRehearsal;
import lockstep.replication.role.Refusal;
import lockstep.replication.role.Rehearsal;
import lockstep.replication.role.TakeoverCost;
import lockstep.target.admin.model.RehearsalView;

import org.jspecify.annotations.Nullable;

import java.io.IOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// Rehearsals of takeovers, and what the last one of each volume came to: kept in the file
/// `rehearsals` of the data directory, a line for each volume. On the core loop; figures are asked
/// for from any thread.
///
/// ```
/// rehearsal=VOLUME TIME JUDGING IMAGE-TIME ENTRIES REPLAY LUNS FIRST ALL LEASE LOSES IMAGE
/// ```
///
/// TIME is in milliseconds since 1970, the others in microseconds.
final class NodeRehearsals {
    private static final String REHEARSAL = "rehearsal=";
    private static final int FIELDS = 13;

    /// What one came to.
    record Kept(
            VolumeId volume,
            long atMillis,
            long judging,
            long image,
            long entries,
            long replay,
            int luns,
            long first,
            long all,
            long lease,
            String loses,
            String cp) {
        String line() {
            return REHEARSAL
                    + "%s %d %d %d %d %d %d %d %d %d %s %s"
                            .formatted(
                                    volume, atMillis, judging, image, entries, replay, luns, first,
                                    all, lease, loses, cp);
        }

        /// The rehearsal of a line; fails with IllegalArgumentException if it is none.
        static Kept parse(String line) {
            String[] p = line.split("[ =]", FIELDS);
            if (!line.startsWith(REHEARSAL) || p.length != FIELDS) {
                throw new IllegalArgumentException(line);
            }
            return new Kept(
                    VolumeId.of(UUID.fromString(p[1])),
                    Long.parseLong(p[2]),
                    Long.parseLong(p[3]),
                    Long.parseLong(p[4]),
                    Long.parseLong(p[5]),
                    Long.parseLong(p[6]),
                    Integer.parseInt(p[7]),
                    Long.parseLong(p[8]),
                    Long.parseLong(p[9]),
                    Long.parseLong(p[10]),
                    p[11],
                    p[12]);
        }

        private long perSecond() {
            return replay == 0 ? 0 : entries * TimeUnit.SECONDS.toMicros(1) / replay;
        }

        private long total() {
            return judging + image + replay + all;
        }

        RehearsalView view(String name) {
            String text =
                    "a takeover of %s would serve its first LUN after %s and all %d after %s"
                                    .formatted(
                                            name, time(total() - all + first), luns, time(total()))
                            + ": judging %s, image %s, %d log entries %s (%d/s), first read %s"
                                    .formatted(
                                            time(judging),
                                            time(image),
                                            entries,
                                            time(replay),
                                            perSecond(),
                                            time(first))
                            + "; not in it: the durable promise of a new epoch, the source's lease"
                            + " (%s left), stripes of a half-received consistency point, the first"
                                    .formatted(time(lease))
                            + " consistency point afterwards; it would lose: "
                            + loses;
            return new RehearsalView(
                    name,
                    atMillis,
                    cp,
                    judging,
                    image,
                    entries,
                    perSecond(),
                    replay,
                    luns,
                    first,
                    all,
                    total(),
                    lease,
                    loses,
                    text);
        }

        private static String time(long micros) {
            return String.format(Locale.ROOT, "%.1f ms", micros / 1000.0);
        }
    }

    private final Node node;
    private final KeptLines file;
    private final Map<VolumeId, Kept> last = new ConcurrentHashMap<>();

    /// Those that `file` tells of.
    NodeRehearsals(Node node, KeptLines file) throws IOException {
        this.node = node;
        this.file = file;
        for (String line : file.read()) {
            try {
                Kept kept = Kept.parse(line);
                last.put(kept.volume, kept);
            } catch (IllegalArgumentException _) {
                throw file.damaged();
            }
        }
    }

    /// The last one of `volume`; null if there was none here.
    @Nullable RehearsalView last(HostedVolume volume) {
        Kept kept = last.get(volume.id());
        return kept == null ? null : kept.view(volume.name());
    }

    /// Rehearses a takeover of `volume`. What it came to is durable before it is told.
    void run(HostedVolume volume, CompletableFuture<RehearsalView> answer) {
        Rehearsal.run(
                volume.replica(),
                new Rehearsal.Handler() {
                    @Override
                    public void ended(
                            TakeoverCost cost,
                            long judgeNanos,
                            long leaseNanos,
                            TakeoverRehearsal.Result result) {
                        keep(volume, kept(volume, cost, judgeNanos, leaseNanos, result), answer);
                    }

                    @Override
                    public void refused(Refusal refusal) {
                        answer.completeExceptionally(PairActions.refused(refusal));
                    }
                });
    }

    private Kept kept(
            HostedVolume volume,
            TakeoverCost cost,
            long judgeNanos,
            long leaseNanos,
            TakeoverRehearsal.Result result) {
        return new Kept(
                volume.id(),
                node.core().clock().wallMillis(),
                micros(judgeNanos),
                micros(result.imageNanos()),
                result.entries(),
                micros(result.replayNanos()),
                result.luns(),
                micros(result.firstReadNanos()),
                micros(result.allReadNanos()),
                micros(leaseNanos),
                cost.toString().toLowerCase(Locale.ROOT).replace('_', '-'),
                result.image().toString());
    }

    private static long micros(long nanos) {
        return TimeUnit.NANOSECONDS.toMicros(nanos);
    }

    private void keep(HostedVolume volume, Kept kept, CompletableFuture<RehearsalView> answer) {
        last.put(kept.volume, kept);
        List<String> lines = last.values().stream().map(Kept::line).sorted().toList();
        RehearsalView view = kept.view(volume.name());
        node.events().note(volume.name(), "rehearsal: " + view.text());
        file.write(
                lines,
                problem -> {
                    if (problem != null) {
                        node.events().note(volume.name(), "the rehearsal is not kept: " + problem);
                    }
                    answer.complete(view);
                });
    }
}
