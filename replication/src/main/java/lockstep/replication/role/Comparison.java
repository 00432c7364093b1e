package lockstep.replication.role;

import lockstep.blockstore.base.CpId;

import java.util.List;

/// What reading all of image `image` on both nodes has found: `blocks` blocks, of which `differing`
/// are not the same. Of many that differ only some are named.
public record Comparison(CpId image, long blocks, List<Long> differing) {
    public Comparison {
        differing = List.copyOf(differing);
    }
}
