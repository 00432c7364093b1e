package lockstep.blockstore.raid;

/// Counts the [RaidTraffic] of one group.
final class TrafficCount {
    private long data;
    private long parity;
    private long checksums;
    private long notes;
    private long inputs;

    void wrote(int dataBlocks, int parityBlocks) {
        data += dataBlocks;
        parity += parityBlocks;
    }

    void wrotePage(int places) {
        checksums += places;
    }

    void noted(long blocks) {
        notes += blocks;
    }

    void readForParity(int blocks) {
        inputs += blocks;
    }

    RaidTraffic soFar() {
        return new RaidTraffic(data, parity, checksums, notes, inputs);
    }
}
