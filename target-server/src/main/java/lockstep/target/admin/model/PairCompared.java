package lockstep.target.admin.model;

import java.util.List;

/// Answer to `POST /v1/volumes/{volume}/verify`: both nodes have read all of consistency point `cp`
/// from their disks, `blocks` blocks. `differing` are the numbers of blocks that are not the same,
/// some of them if there are many.
public record PairCompared(String volume, String cp, long blocks, List<Long> differing) {
    public PairCompared {
        differing = List.copyOf(differing);
    }
}
