package lockstep.target.access;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongSupplier;

/// CHAP of one login, on the target's side (RFC 7143 12.1.3): an algorithm and a challenge, then
/// the host's response, and this target's own if the host challenges it.
///
/// A challenge is drawn for one exchange and answers are checked against it once. Whoever is not
/// known goes the same way, against a secret that nobody has, so that neither the answers nor the
/// time say whether a name exists.
public final class ChapExchange {
    /// Bytes of a challenge of ours.
    static final int CHALLENGE_BYTES = 32;

    /// Bytes of the longest and of the shortest challenge that is answered: a short one would let a
    /// host collect answers in advance.
    static final int CHALLENGE_MOST = 1024;

    static final int CHALLENGE_LEAST = 8;

    private static final String ALGORITHM = "CHAP_A";
    private static final String IDENTIFIER = "CHAP_I";
    private static final String CHALLENGE = "CHAP_C";
    private static final String NAME = "CHAP_N";
    private static final String RESPONSE = "CHAP_R";

    /// Where an exchange stands.
    private enum State {
        /// CHAP_A is expected.
        ALGORITHM,
        /// CHAP_N and CHAP_R are expected.
        RESPONSE,
        /// Over, one way or the other.
        OVER
    }

    /// Somebody the host may turn out to be: a rule of the volume `owner`.
    record Candidate(String owner, HostRule rule, Secret secret) {}

    /// What an offer led to.
    public sealed interface Step {
        /// The exchange goes on when the host has `answers`.
        record Continue(Map<String, String> answers) implements Step {}

        /// The host has proven itself to be each of `rules`; `answers` is this target's own proof
        /// if it was asked for one.
        record Proven(Set<String> rules, Map<String, String> answers) implements Step {}

        /// It has not.
        record Failed(String reason) implements Step {}
    }

    private final List<Candidate> candidates;
    private final Set<ChapAlgorithm> allowed;
    private final Secret decoy;
    private final byte[] challenge;
    private final int identifier;
    private State state = State.ALGORITHM;
    private @Nullable ChapAlgorithm algorithm;

    ChapExchange(
            List<Candidate> candidates,
            Set<ChapAlgorithm> allowed,
            Secret decoy,
            LongSupplier entropy) {
        this.candidates = List.copyOf(candidates);
        this.allowed = Set.copyOf(allowed);
        this.decoy = decoy;
        this.challenge = SecretKeys.bytes(entropy, CHALLENGE_BYTES);
        this.identifier = (int) entropy.getAsLong() & 0xFF;
    }

    /// Takes the keys of CHAP out of `offers`.
    public Step receive(Map<String, String> offers) {
        Map<String, String> chap = new LinkedHashMap<>();
        for (String key : List.of(ALGORITHM, IDENTIFIER, CHALLENGE, NAME, RESPONSE)) {
            String value = offers.remove(key);
            if (value != null) {
                chap.put(key, value);
            }
        }
        State now = state;
        state = State.OVER;
        return switch (now) {
            case ALGORITHM -> begin(chap);
            case RESPONSE -> judge(chap);
            case OVER -> new Step.Failed("the exchange is over");
        };
    }

    private Step begin(Map<String, String> chap) {
        String offered = chap.get(ALGORITHM);
        if (offered == null || chap.size() > 1) {
            return new Step.Failed("an algorithm and nothing else comes first");
        }
        ChapAlgorithm chosen = ChapAlgorithm.choose(offered, allowed);
        if (chosen == null) {
            return new Step.Failed("no algorithm of " + offered + " is allowed");
        }
        algorithm = chosen;
        state = State.RESPONSE;
        Map<String, String> answers = new LinkedHashMap<>();
        answers.put(ALGORITHM, Integer.toString(chosen.number()));
        answers.put(IDENTIFIER, Integer.toString(identifier));
        answers.put(CHALLENGE, ChapValue.encode(challenge));
        return new Step.Continue(answers);
    }

    private Step judge(Map<String, String> chap) {
        ChapAlgorithm chosen = algorithm;
        Check.that(chosen != null, "an algorithm was chosen before the challenge");
        String user = chap.get(NAME);
        String response = chap.get(RESPONSE);
        boolean asked = chap.containsKey(CHALLENGE) || chap.containsKey(IDENTIFIER);
        if (user == null || response == null || chap.containsKey(ALGORITHM) || chosen == null) {
            return new Step.Failed("a name and a response are expected");
        }
        byte[] given = ChapValue.decode(response, chosen.length(), chosen.length());
        if (given == null) {
            return new Step.Failed("the response has not the length of its digest");
        }
        List<Candidate> proven = proven(chosen, user, given);
        if (proven.isEmpty()) {
            return new Step.Failed("the response is wrong");
        }
        Map<String, String> answers = new LinkedHashMap<>();
        if (asked) {
            String problem = proveSelf(chosen, chap, proven.getFirst().rule, answers);
            if (problem != null) {
                return new Step.Failed(problem);
            }
        }
        Set<String> rules = new java.util.LinkedHashSet<>();
        proven.forEach(candidate -> rules.add(Standing.name(candidate.owner, candidate.rule)));
        return new Step.Proven(rules, answers);
    }

    /// Those of the candidates whose name and response these are. As many digests are made whoever
    /// it is.
    private List<Candidate> proven(ChapAlgorithm chosen, String user, byte[] given) {
        List<Candidate> proven = new ArrayList<>();
        if (candidates.isEmpty()) {
            MessageDigest.isEqual(chosen.response(identifier, decoy, challenge), given);
        }
        for (Candidate candidate : candidates) {
            Credential inbound = candidate.rule.inbound();
            boolean named = inbound != null && inbound.user().equals(user);
            Secret secret = named ? candidate.secret : decoy;
            boolean right =
                    MessageDigest.isEqual(chosen.response(identifier, secret, challenge), given);
            if (right && named) {
                proven.add(candidate);
            }
        }
        return proven;
    }

    /// Answers the host's challenge; gives why it is not answered, or null.
    private @Nullable String proveSelf(
            ChapAlgorithm chosen, Map<String, String> chap, HostRule rule, Map<String, String> to) {
        int theirs = ChapValue.octet(chap.getOrDefault(IDENTIFIER, ""));
        byte[] asked =
                ChapValue.decode(chap.getOrDefault(CHALLENGE, ""), CHALLENGE_LEAST, CHALLENGE_MOST);
        if (theirs < 0 || asked == null) {
            return "its challenge is malformed";
        }
        if (MessageDigest.isEqual(asked, challenge)) {
            return "it sent this target's own challenge back";
        }
        Credential outbound = rule.outbound();
        if (outbound == null || outbound.secret() == null) {
            return "it wants this target to prove itself, which has no secret for that";
        }
        to.put(NAME, outbound.user());
        to.put(RESPONSE, ChapValue.encode(chosen.response(theirs, outbound.secret(), asked)));
        return null;
    }
}
