package lockstep.blockstore.volume;

import lockstep.blockstore.base.Check;

/// How a copy is scrubbed. `bytesPerSecond`: read at most so fast, on average; 0: not at all.
/// `intervalMillis`: from the end of one pass to the start of the next that comes by itself.
public record ScrubSettings(long bytesPerSecond, long intervalMillis) {
    public ScrubSettings {
        Check.that(bytesPerSecond >= 0 && intervalMillis > 0, "a scrub has a pace");
    }
}
