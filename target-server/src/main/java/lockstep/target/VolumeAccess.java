package lockstep.target;

import lockstep.blockstore.volume.ShownVolume;
import lockstep.target.access.AccessCodec;
import lockstep.target.access.AccessTable;
import lockstep.target.access.SecretKeys;

import org.jspecify.annotations.Nullable;

import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

/// Reads the rules about hosts out of a volume's state. On the core loop.
final class VolumeAccess {
    private final Supplier<SecretKeys> keys;
    private final NodeEvents events;

    /// What was read, so that nothing is decoded, or told, twice; another object is other rules.
    @SuppressWarnings("ArrayRecordComponent") // compared by identity
    record Known(byte[] value, SecretKeys keys, AccessTable table) {
        @Override
        public boolean equals(@Nullable Object other) {
            return this == other;
        }

        @Override
        public int hashCode() {
            return Arrays.hashCode(value);
        }
    }

    VolumeAccess(Supplier<SecretKeys> keys, NodeEvents events) {
        this.keys = keys;
        this.events = events;
    }

    /// The rules of `volume` as they stand, `before` being what was known of it.
    Known read(HostedVolume volume, ShownVolume shown, @Nullable Known before) {
        byte[] stored = shown.value(AccessCodec.KEY);
        byte[] value = stored == null ? new byte[0] : stored;
        SecretKeys now = keys.get();
        if (before != null && before.keys == now && Arrays.equals(before.value, value)) {
            return before;
        }
        return new Known(value, now, decode(volume, stored, now));
    }

    private AccessTable decode(HostedVolume volume, byte @Nullable [] value, SecretKeys now) {
        String owner = volume.id().toString();
        AccessTable table = AccessCodec.decode(owner, value, now);
        String name = volume.name();
        if (table == null) {
            events.note(name, "its rules about hosts cannot be read, so nobody may log in");
            return new AccessTable(owner, true, List.of());
        }
        if (table.hasLockedSecret()) {
            events.note(
                    name,
                    "this node has no key for secrets of its hosts, which cannot log in:"
                            + " bring the partner's keys (`lockstep node key import`)");
        }
        return table;
    }
}
