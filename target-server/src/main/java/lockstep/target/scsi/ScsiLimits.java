package lockstep.target.scsi;

import lockstep.blockstore.base.Check;

/// What one command may ask for, in sectors of 512 bytes; VPD page B0h tells the host the same
/// numbers that are enforced.
public record ScsiLimits(
        int transferMax,
        int transferOptimal,
        int unmapMax,
        int unmapDescriptorsMax,
        int writeSameMax,
        int compareMax) {
    /// 4 MiB transfers, 128 MiB of unmap, just under 32 MiB of one repeated sector (what hosts ask
    /// for at most when they are told nothing), as many sectors to compare and write as the CDB can
    /// name.
    public static final ScsiLimits DEFAULT = new ScsiLimits(8192, 2048, 262_144, 256, 65_528, 255);

    public ScsiLimits {
        Check.that(
                transferMax > 0 && transferOptimal <= transferMax, "transfer limits are ordered");
        Check.that(unmapMax > 0 && writeSameMax > 0, "limits are positive");
        Check.that(compareMax > 0 && compareMax <= 255, "a compare's length is one byte");
        Check.that(
                unmapDescriptorsMax > 0 && unmapDescriptorsMax <= 4000,
                "an unmap list fits its 16-bit length");
    }

    /// Sectors that one WRITE ATOMIC may write: what one transfer may, because a transfer is one
    /// entry of the log.
    int atomicMax() {
        return transferMax;
    }
}
