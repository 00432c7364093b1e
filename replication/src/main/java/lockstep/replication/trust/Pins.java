package lockstep.replication.trust;

import org.jspecify.annotations.Nullable;

import java.util.UUID;

/// The keys that are pinned for peers: a port. Asked from any thread.
public interface Pins {
    /// No peer has one.
    Pins NONE =
            new Pins() {
                @Override
                public @Nullable Fingerprint keyOf(UUID peer) {
                    return null;
                }

                @Override
                public boolean knows(Fingerprint key) {
                    return false;
                }
            };

    /// The key that `peer` has to show; null if none is pinned.
    @Nullable Fingerprint keyOf(UUID peer);

    /// Whether `key` is that of any peer.
    boolean knows(Fingerprint key);
}
