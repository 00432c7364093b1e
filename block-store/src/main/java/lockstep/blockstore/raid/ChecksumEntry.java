package lockstep.blockstore.raid;

import lockstep.blockstore.base.CpId;

/// What a written block must contain, and which consistency point put it there.
record ChecksumEntry(int crc, int epochCounter, long cpCount) {
    static ChecksumEntry of(int crc, CpId cp) {
        return new ChecksumEntry(crc, cp.epoch().counter(), cp.count());
    }

    /// Whether it was put by a later consistency point than (`epoch`, `count`).
    boolean isNewerThan(int epoch, long count) {
        return epochCounter != epoch ? epochCounter > epoch : cpCount > count;
    }
}
