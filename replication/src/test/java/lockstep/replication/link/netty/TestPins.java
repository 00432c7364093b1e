package lockstep.replication.link.netty;

import lockstep.replication.trust.Fingerprint;
import lockstep.replication.trust.Pins;

import org.jspecify.annotations.Nullable;

import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/// Pins that a test sets.
final class TestPins implements Pins {
    final Map<UUID, Fingerprint> keys = new ConcurrentHashMap<>();

    @Override
    public @Nullable Fingerprint keyOf(UUID peer) {
        return keys.get(peer);
    }

    @Override
    public boolean knows(Fingerprint key) {
        return keys.containsValue(key);
    }
}
