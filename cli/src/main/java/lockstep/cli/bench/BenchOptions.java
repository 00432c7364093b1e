package lockstep.cli.bench;

import lockstep.cli.initiator.IscsiUrl;

import java.util.List;

/// A load. Sizes are bytes; `depth` is commands under way per session, `sessions` per URL;
/// `readPercent` of 100 only reads, 0 only writes; `regionBytes` of 0 is the whole LUN; `pids` are
/// the processes to watch; `rate` is commands a second in all, 0 as many as go.
public record BenchOptions(
        List<IscsiUrl> urls,
        int readPercent,
        int blockSize,
        int depth,
        int sessions,
        int durationSeconds,
        int warmUpSeconds,
        long regionBytes,
        boolean sequential,
        long seed,
        int threads,
        List<Long> pids,
        int rate) {
    public BenchOptions {
        urls = List.copyOf(urls);
        pids = List.copyOf(pids);
        require(!urls.isEmpty(), "at least one URL is needed");
        require(readPercent >= 0 && readPercent <= 100, "the share of reads is 0..100");
        require(blockSize > 0 && blockSize % 512 == 0, "the block size is a multiple of 512");
        require(blockSize <= 4 << 20, "the block size is at most 4 MiB");
        require(depth > 0 && depth <= 512, "the depth is 1..512");
        require(sessions > 0 && durationSeconds > 0, "sessions and duration are at least 1");
        require(warmUpSeconds >= 0 && regionBytes >= 0, "warm-up and region are not negative");
        require(threads > 0, "there is at least one thread");
        require(rate >= 0, "the rate is not negative");
    }

    private static void require(boolean holds, String rule) {
        if (!holds) {
            throw new IllegalArgumentException(rule);
        }
    }
}
