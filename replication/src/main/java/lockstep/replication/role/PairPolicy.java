package lockstep.replication.role;

import lockstep.blockstore.base.Check;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;

/// What a source does when its mirror is away: a value of the volume's state, so it is logged,
/// mirrored and taken over like data.
///
/// STRICT: nothing new is sequenced until the mirror is back or the operator says detach.
/// AVAILABLE: after a short time the source records durably that it is ahead, and goes on alone;
/// then a mirror without a link can never call itself in sync. `budgetSeconds` and `budgetBytes`
/// bound how long and by how much a source goes on by itself; then it stops as under STRICT. 0 is
/// no bound.
///
/// ```
/// | version (1) | kind (1) | zero (2) | budget: seconds (8), bytes (8) |
/// ```
public record PairPolicy(Kind kind, long budgetSeconds, long budgetBytes) {
    /// The name of the value.
    public static final String KEY = "pair-policy";

    /// What a volume has that was never given one.
    public static final PairPolicy STRICT = new PairPolicy(Kind.STRICT, 0, 0);

    /// Whether the source may go on by itself.
    public enum Kind {
        /// It may not.
        STRICT((byte) 0),
        /// It may.
        AVAILABLE((byte) 1);

        private final byte code;

        Kind(byte code) {
            this.code = code;
        }
    }

    private static final byte VERSION = 1;
    private static final int BYTES = 20;

    public PairPolicy {
        Check.that(budgetSeconds >= 0 && budgetBytes >= 0, "a budget is not negative");
    }

    /// The policy of a volume whose value under [#KEY] is `value`; null if this node cannot read
    /// it.
    public static @Nullable PairPolicy of(byte @Nullable [] value) {
        if (value == null) {
            return STRICT;
        }
        ByteBuffer in = ByteBuffer.wrap(value);
        if (value.length != BYTES || in.get() != VERSION) {
            return null;
        }
        byte code = in.get();
        in.getShort();
        long seconds = in.getLong();
        long bytes = in.getLong();
        for (Kind kind : Kind.values()) {
            if (kind.code == code && seconds >= 0 && bytes >= 0) {
                return new PairPolicy(kind, seconds, bytes);
            }
        }
        return null;
    }

    /// Bytes of the value.
    public ByteBuffer encode() {
        ByteBuffer out = ByteBuffer.allocate(BYTES).put(VERSION).put(kind.code).putShort((short) 0);
        return out.putLong(budgetSeconds).putLong(budgetBytes).flip();
    }

    /// Whether the source may go on by itself.
    public boolean isAvailable() {
        return kind == Kind.AVAILABLE;
    }
}
