package lockstep.target.admin.model;

import org.jspecify.annotations.Nullable;

/// `GET /v1/pairs`: one mirrored volume from this node's side. `sync` is in-sync, resyncing,
/// out-of-sync or alone; `behindBytes` is what the mirror does not have yet; `standing` says the
/// rest; `resync` is there on a source that is bringing it up to date, `rehearsal` where a takeover
/// was rehearsed: the last one.
public record PairView(
        String volume,
        String peer,
        String role,
        String sync,
        boolean linkUp,
        long behindBytes,
        String epoch,
        PairStanding standing,
        @Nullable ResyncView resync,
        @Nullable RehearsalView rehearsal) {}
