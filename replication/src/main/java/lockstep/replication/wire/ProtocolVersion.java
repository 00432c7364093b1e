package lockstep.replication.wire;

import org.jspecify.annotations.Nullable;

/// Every version of the protocol that this node speaks, oldest first. The frame header and the
/// messages Hello, HelloAck and Refused look the same in all versions, so that two nodes of any age
/// can agree or refuse politely.
public enum ProtocolVersion {
    /// Frames with two checksums; heartbeats with leases; entries, consistency points as data and
    /// references, resync, epochs. Beside that, which version 1 had: the destination says to which
    /// older images it can go back, the source where its epoch began; tree nodes and system files
    /// travel as changes; the destination says how much of its log it keeps for a volume. And what
    /// version 2 did not have: each consistency point is proven equal before it is committed, and
    /// whole images are compared.
    V3(3),

    /// Beside that, a copy gets a block that its disks have lost from the other, and the
    /// destination asks for a snapshot and says which ones it shows to hosts.
    V4(4);

    private final int number;

    ProtocolVersion(int number) {
        this.number = number;
    }

    /// The number on the wire.
    public int number() {
        return number;
    }

    /// The oldest that this node still speaks.
    public static ProtocolVersion oldest() {
        return V4;
    }

    /// The newest that this node speaks.
    public static ProtocolVersion newest() {
        return V4;
    }

    /// The newest version that this node speaks and that lies in the offered range; null when there
    /// is none.
    public static @Nullable ProtocolVersion choose(int offeredMin, int offeredMax) {
        ProtocolVersion best = null;
        for (ProtocolVersion version : values()) {
            if (version.number >= offeredMin && version.number <= offeredMax) {
                best = version;
            }
        }
        return best;
    }
}
