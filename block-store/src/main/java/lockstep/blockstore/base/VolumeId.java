package lockstep.blockstore.base;

import java.util.UUID;

/// Names a volume for its whole life, on every node that holds a copy of it. The bytes are an RFC
/// 9562 UUID.
public record VolumeId(long high, long low) implements Comparable<VolumeId> {
    /// The id with the value of `uuid`.
    public static VolumeId of(UUID uuid) {
        return new VolumeId(uuid.getMostSignificantBits(), uuid.getLeastSignificantBits());
    }

    /// This id in the usual form.
    public UUID toUuid() {
        return new UUID(high, low);
    }

    @Override
    public int compareTo(VolumeId other) {
        int byHigh = Long.compareUnsigned(high, other.high);
        return byHigh != 0 ? byHigh : Long.compareUnsigned(low, other.low);
    }

    @Override
    public String toString() {
        return toUuid().toString();
    }
}
