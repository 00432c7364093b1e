package lockstep.replication.inject;

import lockstep.blockstore.inject.Fault;

import org.jspecify.annotations.Nullable;

import java.util.Locale;
import java.util.UUID;

/// A fault of the link to `peer`, or of all links. It happens once per connection, and then lasts
/// until it is cleared or the connection ends. `nanos` is for a delay.
public record LinkFault(LinkEffect effect, @Nullable UUID peer, long nanos) implements Fault {
    @Override
    public String text() {
        String late = effect == LinkEffect.DELAY ? " by " + nanos / 1_000_000 + " ms" : "";
        String name = effect.name().toLowerCase(Locale.ROOT).replace('_', '-');
        return name + late + (peer == null ? " on every link" : " on the link to " + peer);
    }

    boolean hits(LinkEffect asked, @Nullable UUID other) {
        return effect == asked && (peer == null || peer.equals(other));
    }
}
