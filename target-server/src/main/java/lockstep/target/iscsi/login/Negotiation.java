package lockstep.target.iscsi.login;

import org.jspecify.annotations.Nullable;

import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/// Operational negotiation: pairs in, answers out. Pure but for what it has settled so far; a key
/// is settled once.
final class Negotiation {
    private final IscsiSettings settings;
    private final Map<OperationalKey, Integer> settled = new EnumMap<>(OperationalKey.class);
    private final Set<String> seen = new LinkedHashSet<>();
    private boolean declared;

    Negotiation(IscsiSettings settings) {
        this.settings = settings;
    }

    /// Answers `offers`, or gives null if one was made before. The first answer also says what this
    /// target declares on its own.
    @Nullable Map<String, String> answer(Map<String, String> offers) {
        Map<String, String> answers = new LinkedHashMap<>();
        if (!declared) {
            declared = true;
            OperationalKey key = OperationalKey.MAX_RECV_DATA_SEGMENT_LENGTH;
            answers.put(key.text(), key.format(key.ours(settings)));
        }
        for (Map.Entry<String, String> offer : offers.entrySet()) {
            if (!seen.add(offer.getKey()) || seen.size() > TextKeys.KEYS_MAX) {
                return null;
            }
            answerOne(offer.getKey(), offer.getValue(), answers);
        }
        return answers;
    }

    private void answerOne(String text, String offered, Map<String, String> answers) {
        OperationalKey key = OperationalKey.find(text);
        if (key == null) {
            answers.put(text, isMarkerInterval(text) ? "Irrelevant" : "NotUnderstood");
            return;
        }
        int value = key.settle(offered, settings);
        if (value < 0) {
            answers.put(text, "Reject");
            return;
        }
        settled.put(key, value);
        if (key.rule() != OperationalKey.Rule.DECLARED) {
            answers.put(text, key.format(value));
        }
    }

    /// Markers are always off, so how far apart they are does not matter.
    private static boolean isMarkerInterval(String text) {
        return text.equals("IFMarkInt") || text.equals("OFMarkInt");
    }

    /// What the session runs with, as settled so far.
    SessionParameters result() {
        int burstMax = value(OperationalKey.MAX_BURST_LENGTH);
        return new SessionParameters(
                value(OperationalKey.HEADER_DIGEST) == 1,
                value(OperationalKey.DATA_DIGEST) == 1,
                value(OperationalKey.INITIAL_R2T) == 1,
                value(OperationalKey.IMMEDIATE_DATA) == 1,
                value(OperationalKey.MAX_RECV_DATA_SEGMENT_LENGTH),
                burstMax,
                Math.min(burstMax, value(OperationalKey.FIRST_BURST_LENGTH)),
                value(OperationalKey.MAX_OUTSTANDING_R2T));
    }

    private int value(OperationalKey key) {
        Integer value = settled.get(key);
        return value == null ? key.initial() : value;
    }
}
