package lockstep.target.iscsi.login;

import org.jscsi.parser.datasegment.OperationalTextKey;
import org.jspecify.annotations.Nullable;

import java.util.function.ToIntFunction;

/// One row per operational key: its rule (RFC 7143 6.2, 13), its range, its default, and what this
/// target brings to the rule.
enum OperationalKey {
    HEADER_DIGEST(OperationalTextKey.HEADER_DIGEST, Rule.DIGEST, 0, 1, 0, _ -> 0),
    DATA_DIGEST(OperationalTextKey.DATA_DIGEST, Rule.DIGEST, 0, 1, 0, _ -> 0),
    MAX_CONNECTIONS(OperationalTextKey.MAX_CONNECTIONS, Rule.MINIMUM, 1, 65_535, 1, _ -> 1),
    INITIAL_R2T(OperationalTextKey.INITIAL_R2T, Rule.OR, 0, 1, 1, _ -> 0),
    IMMEDIATE_DATA(OperationalTextKey.IMMEDIATE_DATA, Rule.AND, 0, 1, 1, _ -> 1),
    MAX_RECV_DATA_SEGMENT_LENGTH(
            OperationalTextKey.MAX_RECV_DATA_SEGMENT_LENGTH,
            Rule.DECLARED,
            512,
            0xFF_FFFF,
            8192,
            IscsiSettings::segmentMax),
    MAX_BURST_LENGTH(
            OperationalTextKey.MAX_BURST_LENGTH,
            Rule.MINIMUM,
            512,
            0xFF_FFFF,
            262_144,
            IscsiSettings::burstMax),
    FIRST_BURST_LENGTH(
            OperationalTextKey.FIRST_BURST_LENGTH,
            Rule.MINIMUM,
            512,
            0xFF_FFFF,
            65_536,
            IscsiSettings::firstBurst),
    DEFAULT_TIME_2_WAIT(OperationalTextKey.DEFAULT_TIME_2_WAIT, Rule.MAXIMUM, 0, 3600, 2, _ -> 2),
    DEFAULT_TIME_2_RETAIN(
            OperationalTextKey.DEFAULT_TIME_2_RETAIN, Rule.MINIMUM, 0, 3600, 20, _ -> 0),
    MAX_OUTSTANDING_R2T(
            OperationalTextKey.MAX_OUTSTANDING_R2T,
            Rule.MINIMUM,
            1,
            65_535,
            1,
            IscsiSettings::outstandingR2tMax),
    DATA_PDU_IN_ORDER(OperationalTextKey.DATA_PDU_IN_ORDER, Rule.OR, 0, 1, 1, _ -> 1),
    DATA_SEQUENCE_IN_ORDER(OperationalTextKey.DATA_SEQUENCE_IN_ORDER, Rule.OR, 0, 1, 1, _ -> 1),
    ERROR_RECOVERY_LEVEL(OperationalTextKey.ERROR_RECOVERY_LEVEL, Rule.MINIMUM, 0, 2, 0, _ -> 0),
    IF_MARKER(OperationalTextKey.IF_MARKER, Rule.AND, 0, 1, 0, _ -> 0),
    OF_MARKER(OperationalTextKey.OF_MARKER, Rule.AND, 0, 1, 0, _ -> 0);

    /// How a value comes about.
    enum Rule {
        /// A list of None and CRC32C in the offerer's order; the first one known is taken.
        DIGEST,
        /// Booleans.
        AND,
        /// Booleans.
        OR,
        /// Numbers.
        MINIMUM,
        /// Numbers.
        MAXIMUM,
        /// Each side says its own; it is no answer to the other's.
        DECLARED
    }

    private static final String[] DIGESTS = {"None", "CRC32C"};
    private static final int INVALID = -1;

    private final String text;
    private final Rule rule;
    private final int least;
    private final int most;
    private final int initial;

    @SuppressWarnings("ImmutableEnumChecker") // a stateless function
    private final ToIntFunction<IscsiSettings> ours;

    OperationalKey(
            OperationalTextKey key,
            Rule rule,
            int least,
            int most,
            int initial,
            ToIntFunction<IscsiSettings> ours) {
        this.text = key.value();
        this.rule = rule;
        this.least = least;
        this.most = most;
        this.initial = initial;
        this.ours = ours;
    }

    static @Nullable OperationalKey find(String text) {
        for (OperationalKey key : values()) {
            if (key.text.equals(text)) {
                return key;
            }
        }
        return null;
    }

    String text() {
        return text;
    }

    Rule rule() {
        return rule;
    }

    /// The value when nobody negotiates it.
    int initial() {
        return initial;
    }

    int ours(IscsiSettings settings) {
        return ours.applyAsInt(settings);
    }

    /// The value that `offered` leads to, or -1 if it is none of this key's values.
    int settle(String offered, IscsiSettings settings) {
        int theirs = parse(offered);
        if (theirs == INVALID) {
            return INVALID;
        }
        int mine = ours(settings);
        return switch (rule) {
            case DIGEST, DECLARED -> theirs;
            case AND, MINIMUM -> Math.min(theirs, mine);
            case OR, MAXIMUM -> Math.max(theirs, mine);
        };
    }

    /// `value` as it stands in text.
    String format(int value) {
        return switch (rule) {
            case DIGEST -> DIGESTS[value];
            case AND, OR -> value == 1 ? "Yes" : "No";
            case MINIMUM, MAXIMUM, DECLARED -> Integer.toString(value);
        };
    }

    private int parse(String offered) {
        return switch (rule) {
            case DIGEST -> firstKnownDigest(offered);
            case AND, OR -> offered.equals("Yes") ? 1 : offered.equals("No") ? 0 : INVALID;
            case MINIMUM, MAXIMUM, DECLARED -> number(offered);
        };
    }

    private static int firstKnownDigest(String offered) {
        for (String each : offered.split(",", -1)) {
            for (int index = 0; index < DIGESTS.length; index++) {
                if (DIGESTS[index].equals(each)) {
                    return index;
                }
            }
        }
        return INVALID;
    }

    /// Decimal, or hexadecimal after 0x.
    private int number(String offered) {
        boolean hex = offered.startsWith("0x") || offered.startsWith("0X");
        try {
            long value = Long.parseLong(hex ? offered.substring(2) : offered, hex ? 16 : 10);
            return value >= least && value <= most ? (int) value : INVALID;
        } catch (NumberFormatException _) {
            return INVALID;
        }
    }
}
