package lockstep.cli.initiator;

import org.jspecify.annotations.Nullable;

/// How a command ended. A writer must tell [Unknown] (it may have happened) from [NotSent] (it did
/// not).
public sealed interface CommandResult {
    /// Status GOOD.
    int GOOD = 0x00;

    /// Status CHECK CONDITION.
    int CHECK_CONDITION = 0x02;

    /// Status BUSY.
    int BUSY = 0x08;

    /// The target answered. `residual` is the bytes expected and not moved (underflow), or,
    /// negative, moved beyond what was expected (overflow); `sense` comes with CHECK CONDITION.
    record Answered(int status, int residual, @Nullable Sense sense) implements CommandResult {
        private static final Answered PLAIN_GOOD = new Answered(GOOD, 0, null);

        @Override
        public String toString() {
            String name =
                    switch (status) {
                        case GOOD -> "GOOD";
                        case CHECK_CONDITION -> "CHECK CONDITION";
                        case BUSY -> "BUSY";
                        default -> "status " + Integer.toHexString(status) + "h";
                    };
            return name
                    + (residual == 0 ? "" : ", residual " + residual)
                    + (sense == null ? "" : ", " + sense);
        }
    }

    /// The target refused the PDU; `reason` is the code of RFC 7143 section 11.17.1.
    record Rejected(int reason) implements CommandResult {}

    /// The command was sent, and the connection ended before an answer: done or not, in any part.
    record Unknown(String reason) implements CommandResult {}

    /// The command never left; nothing of it happened.
    record NotSent(String reason) implements CommandResult {}

    /// GOOD with everything moved: one instance, so the common case allocates nothing.
    static CommandResult good() {
        return Answered.PLAIN_GOOD;
    }

    /// Whether the status is GOOD.
    default boolean isGood() {
        return this instanceof Answered answered && answered.status == GOOD;
    }

    /// The sense data, or null.
    default @Nullable Sense senseOrNull() {
        return this instanceof Answered answered ? answered.sense : null;
    }
}
