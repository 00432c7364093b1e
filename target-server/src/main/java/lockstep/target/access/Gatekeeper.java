package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.function.LongSupplier;

/// Decides about hosts: what a login has to do, and what a session may use. One for a node; the
/// rules are those of each volume.
///
/// What a host may use of a volume:
///
/// | volume | rule that fits | door | |
/// |---|---|---|---|
/// | open | | trusted | all LUNs |
/// | open | | other | nothing: there is nothing to prove oneself with |
/// | closed | none | any | nothing |
/// | closed | without CHAP | trusted | the rule's LUNs |
/// | closed | without CHAP | other | nothing: a name alone proves nothing |
/// | closed | with CHAP | any | the rule's LUNs, after CHAP |
///
/// A door is trusted if it is on loopback, or if the operator says so of all of them
/// (`iscsi.allow-unauthenticated`).
public final class Gatekeeper {
    private final boolean allowUnauthenticated;
    private final Set<ChapAlgorithm> algorithms;
    private final LongSupplier entropy;
    private final LongSupplier nanoTime;
    private final Secret decoy;
    private final FailureDelay delays = new FailureDelay();

    /// `allowMd5` adds the weakest algorithm.
    public Gatekeeper(
            boolean allowUnauthenticated,
            boolean allowMd5,
            LongSupplier entropy,
            LongSupplier nanoTime) {
        this.allowUnauthenticated = allowUnauthenticated;
        this.algorithms =
                allowMd5
                        ? EnumSet.allOf(ChapAlgorithm.class)
                        : EnumSet.complementOf(EnumSet.of(ChapAlgorithm.MD5));
        this.entropy = entropy;
        this.nanoTime = nanoTime;
        this.decoy = Secret.of(Secret.generate(entropy));
    }

    /// Whether a door needs no proof.
    public boolean trusts(boolean loopback) {
        return loopback || allowUnauthenticated;
    }

    /// The LUNs that `standing` may use of the volume of `table`; null if it may not log in.
    public @Nullable LunMask luns(AccessTable table, Standing standing) {
        if (!table.closed()) {
            return standing.trusted() ? LunMask.ALL : null;
        }
        HostRule rule = table.find(standing.initiator(), standing.address());
        if (rule == null) {
            return null;
        }
        boolean enough =
                rule.inbound() == null
                        ? standing.trusted()
                        : standing.proven().contains(Standing.name(table.owner(), rule));
        return enough ? rule.luns() : null;
    }

    /// Whether somebody may have to prove himself to one of `tables`: if so, nobody is told more
    /// than that.
    public boolean usesChap(List<AccessTable> tables) {
        return tables.stream().anyMatch(AccessTable::usesChap);
    }

    /// CHAP with a host that wants to use `tables`, one or, for discovery, several.
    public ChapExchange challenge(List<AccessTable> tables, Standing standing) {
        List<ChapExchange.Candidate> candidates = new ArrayList<>();
        for (AccessTable table : tables) {
            HostRule rule = table.find(standing.initiator(), standing.address());
            Credential inbound = rule == null ? null : rule.inbound();
            Secret secret = inbound == null ? null : inbound.secret();
            if (rule != null && secret != null) {
                candidates.add(new ChapExchange.Candidate(table.owner(), rule, secret));
            }
        }
        return new ChapExchange(candidates, algorithms, decoy, entropy);
    }

    /// How long the answer to an authentication of `standing` waits; to be asked before [#failed].
    public long delayNanos(Standing standing) {
        return delays.nanos(standing, nanoTime.getAsLong());
    }

    /// An authentication of `standing` failed.
    public void failed(Standing standing) {
        delays.failed(standing, nanoTime.getAsLong());
    }
}
