package lockstep.target.access;

import org.jspecify.annotations.Nullable;

import java.net.InetAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/// The rules of one volume, part of its state: they are logged, mirrored and taken over with it.
///
/// A volume without a rule is open: its LUNs are for whoever the portal lets in. The first rule
/// closes it, and it stays closed when the last rule is removed: then it is for nobody. Who wants
/// it open again says so by a rule for `*`. Of several rules that fit, the one with the exact name
/// decides, then the one with the longest prefix. `owner` names the volume for good.
public record AccessTable(String owner, boolean closed, List<HostRule> rules) {
    public AccessTable {
        rules = List.copyOf(rules);
    }

    /// A table without rules.
    public static AccessTable open(String owner) {
        return new AccessTable(owner, false, List.of());
    }

    /// The rule that decides about a host; null if there is none.
    @Nullable HostRule find(String initiator, InetAddress address) {
        HostRule best = null;
        for (HostRule rule : rules) {
            if (rule.fits(initiator, address)
                    && (best == null
                            || rule.initiator().specificity() > best.initiator().specificity())) {
                best = rule;
            }
        }
        return best;
    }

    /// The rule for exactly this pattern.
    public Optional<HostRule> rule(InitiatorPattern initiator) {
        return rules.stream().filter(rule -> rule.initiator().equals(initiator)).findFirst();
    }

    /// Whether any host has to prove itself here.
    boolean usesChap() {
        return rules.stream().anyMatch(rule -> rule.inbound() != null);
    }

    /// The same with `rule`, in the place of the one with its pattern if there is one.
    public AccessTable with(HostRule rule) {
        List<HostRule> changed = new ArrayList<>(rules);
        int at = 0;
        while (at < changed.size() && !changed.get(at).initiator().equals(rule.initiator())) {
            at++;
        }
        if (at < changed.size()) {
            changed.set(at, rule);
        } else {
            changed.add(rule);
        }
        return new AccessTable(owner, true, changed);
    }

    /// The same without the rule for `initiator`.
    public AccessTable without(InitiatorPattern initiator) {
        return new AccessTable(
                owner,
                closed,
                rules.stream().filter(rule -> !rule.initiator().equals(initiator)).toList());
    }

    /// The same with LUN `number` in no list: a LUN made later under its number is another one.
    public AccessTable withoutLun(int number) {
        return new AccessTable(
                owner,
                closed,
                rules.stream().map(rule -> rule.with(rule.luns().without(number))).toList());
    }

    /// Whether a secret that hosts prove themselves with is also one that this target proves itself
    /// with, which would let a host answer its own challenge (RFC 7143 9.2.1).
    public boolean reusesSecret() {
        return rules.stream()
                .map(HostRule::inbound)
                .filter(Objects::nonNull)
                .anyMatch(inbound -> isOutbound(inbound.secret()));
    }

    private boolean isOutbound(@Nullable Secret secret) {
        return secret != null
                && rules.stream()
                        .map(HostRule::outbound)
                        .anyMatch(
                                outbound ->
                                        outbound != null
                                                && outbound.secret() != null
                                                && secret.sameAs(outbound.secret()));
    }

    /// Whether there is a secret that this node has no key for.
    public boolean hasLockedSecret() {
        return rules.stream()
                .anyMatch(rule -> isLocked(rule.inbound()) || isLocked(rule.outbound()));
    }

    private static boolean isLocked(@Nullable Credential credential) {
        return credential != null && credential.secret() == null;
    }
}
