package lockstep.replication.wire;

/// What two nodes say about the link itself.
public sealed interface LinkMessage extends Message {
    /// The dialling side's first message: who it is, the versions it speaks, and its incarnation: a
    /// number that grows with each connection that the sender makes or accepts.
    record Hello(int oldestVersion, int newestVersion, NodeIdentity node, long incarnation)
            implements LinkMessage {}

    /// The accepting side takes the connection and chooses the version.
    record HelloAck(int version, NodeIdentity node, long incarnation) implements LinkMessage {}

    /// The connection is not taken; the sender closes it after this.
    record Refused(Refusal reason, String text) implements LinkMessage {}

    /// Asks for a [HeartbeatReply]. `sentNanos` is the sender's own clock and means nothing to the
    /// receiver.
    record Heartbeat(long sentNanos) implements LinkMessage {}

    /// Answers a [Heartbeat]. `leaseMillis` is granted to whoever asked, from the moment it asked:
    /// until then this side will not serve any volume that the asker is active on. 0 grants
    /// nothing.
    record HeartbeatReply(long echoedNanos, int leaseMillis) implements LinkMessage {}

    /// The sender is about to close the connection, and why.
    record Goodbye(String reason) implements LinkMessage {}

    /// Why a connection is not taken.
    enum Refusal {
        /// No version in common.
        VERSION(1),
        /// The node dialled itself.
        SELF(2),
        /// The node is not known here.
        UNKNOWN_NODE(3),
        /// Same short id as another known node: epochs of the two could not be told apart.
        DOUBLE_IDENTITY(4),
        /// The node's newer connection is already up.
        STALE_INCARNATION(5),
        /// Both dialled at once and the other connection stays.
        SIMULTANEOUS_DIAL(6),
        /// Another connection of this node waits for its predecessor to be drained.
        BUSY(7),
        /// The node has not shown the key that is pinned for it.
        UNPROVEN(8);

        private final int code;

        Refusal(int code) {
            this.code = code;
        }

        /// The number on the wire.
        public int code() {
            return code;
        }

        /// Whether dialling again soon makes sense without anybody changing anything.
        public boolean passes() {
            return switch (this) {
                case STALE_INCARNATION, SIMULTANEOUS_DIAL, BUSY, UNPROVEN -> true;
                case VERSION, SELF, UNKNOWN_NODE, DOUBLE_IDENTITY -> false;
            };
        }
    }
}
