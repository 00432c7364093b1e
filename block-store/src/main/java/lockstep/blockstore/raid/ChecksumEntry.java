package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;

/// What a written block must contain, and which consistency point put it there.
record ChecksumEntry(int crc, int epochCounter, long cpCount) {
    static ChecksumEntry of(int crc, CpId cp) {
        return new ChecksumEntry(crc, cp.epoch().counter(), cp.count());
    }
}
