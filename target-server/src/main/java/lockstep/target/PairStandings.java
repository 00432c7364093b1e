package lockstep.target;

import lockstep.blockstore.volume.CopyState;
import lockstep.replication.role.Exposed;
import lockstep.replication.role.PairPolicy;
import lockstep.replication.role.ReplicaStatus;
import lockstep.replication.role.TakeoverCost;
import lockstep.target.admin.model.PairStanding;

import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.Locale;

/// How a pair stands, in a word, in figures and in one sentence that hides nothing: connected or
/// not, in sync or not, since when, ahead by how much, under which policy, and what a takeover now
/// would mean.
final class PairStandings {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss");

    private PairStandings() {}

    /// `sync` is the word that [NodeViews] has for it.
    static PairStanding of(
            ReplicaStatus status, PairPolicy policy, String sync, long nowMillis, ZoneId zone) {
        Exposed exposed = status.exposed();
        long seconds =
                exposed.sinceMillis() == 0
                        ? 0
                        : Math.max(0, (nowMillis - exposed.sinceMillis()) / 1000);
        TakeoverCost cost = TakeoverCost.of(status, policy);
        return new PairStanding(
                policy.kind().toString().toLowerCase(Locale.ROOT),
                policy.budgetSeconds(),
                policy.budgetBytes(),
                status.sinceMillis(),
                seconds,
                exposed.writes(),
                exposed.bytes(),
                cost.toString().toLowerCase(Locale.ROOT).replace('_', '-'),
                text(status, policyText(policy), sync, seconds, zone) + meaning(cost, status));
    }

    private static String text(
            ReplicaStatus status, String policy, String sync, long seconds, ZoneId zone) {
        String since =
                status.sinceMillis() == 0
                        ? ""
                        : " since "
                                + TIME.format(
                                        Instant.ofEpochMilli(status.sinceMillis())
                                                .atZone(zone)
                                                .truncatedTo(ChronoUnit.SECONDS));
        String link = status.linked() ? "connected" : "not connected";
        String ahead =
                status.exposed().sinceMillis() == 0
                        ? ""
                        : ", ahead of the mirror for " + seconds + " s by " + amount(status);
        return link
                + ", "
                + sync
                + since
                + ahead
                + (status.equalAt().count() == 0 ? "" : ", equal at " + status.equalAt())
                + (status.differences() == 0 ? "" : ", DIFFERED " + status.differences() + " times")
                + ", epoch "
                + status.epoch()
                + ", policy "
                + policy
                + "; a takeover now ";
    }

    private static String amount(ReplicaStatus status) {
        return status.exposed().writes() + " writes, " + status.exposed().bytes() + " bytes";
    }

    private static String policyText(PairPolicy policy) {
        String seconds = policy.budgetSeconds() == 0 ? "" : policy.budgetSeconds() + " s";
        String bytes = policy.budgetBytes() == 0 ? "" : policy.budgetBytes() + " bytes";
        String or = seconds.isEmpty() || bytes.isEmpty() ? "" : " or ";
        String budget = seconds + or + bytes;
        String kind = policy.kind().toString().toLowerCase(Locale.ROOT);
        return budget.isEmpty() ? kind : kind + " for " + budget;
    }

    private static String meaning(TakeoverCost cost, ReplicaStatus status) {
        return switch (cost) {
            case NOTHING -> "would lose nothing";
            case NOTHING_UNLESS_DETACHED -> "would lose nothing, unless the source was detached";
            case UNKNOWN -> "may lose whatever the source has acknowledged since it was last heard";
            case LOSS ->
                    status.durable().role() == CopyState.Role.SOURCE
                            ? "may lose up to " + amount(status) + ", and what a restart forgot"
                            : "may lose what was acknowledged since " + status.image();
            case IMPOSSIBLE -> "is impossible: the mirror has no complete image";
            case NONE -> "is none: there is no copy to go on with instead of another";
        };
    }
}
