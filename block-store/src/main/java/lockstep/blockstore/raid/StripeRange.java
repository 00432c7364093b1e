package lockstep.blockstore.raid;

/// `count` consecutive stripes of one group, the first at `dbn`.
public record StripeRange(long dbn, int count) {}
