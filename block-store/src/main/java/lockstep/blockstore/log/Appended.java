package lockstep.blockstore.log;

/// Where the data of an entry stands in the log's memory: `length` bytes of `memory` from `at` on,
/// until the entry is durable, and longer if it is held.
public record Appended(HeldMemory memory, int at, int length) {}
