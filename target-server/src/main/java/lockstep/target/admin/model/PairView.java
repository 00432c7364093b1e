package lockstep.target.admin.model;

/// `GET /v1/pairs`: one mirrored volume from this node's side. `sync` is in-sync, resyncing,
/// out-of-sync or alone; `behindBytes` is what the mirror does not have yet; `standing` says the
/// rest.
public record PairView(
        String volume,
        String peer,
        String role,
        String sync,
        boolean linkUp,
        long behindBytes,
        String epoch,
        PairStanding standing) {}
