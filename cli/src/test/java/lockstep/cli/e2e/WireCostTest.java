package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import lockstep.cli.client.Refused;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.initiator.IscsiSession;
import lockstep.target.admin.model.VolumeView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/// What mirroring costs on the wire. Blocks cross once, as log entries; consistency points only
/// name them, and parity and checksums do not cross at all.
final class WireCostTest {
    private static final int LARGE = 64 * 1024;
    private static final int SMALL = 4 * 1024;

    /// Of large writes, and of small ones here and there, which change a tree node each.
    private static final double MOST_OF_LARGE = 1.10;

    private static final double MOST_OF_SMALL = 1.35;

    @TempDir Path directory;

    @Test
    void alignedWritesCrossTheLinkOnce() throws Exception {
        int mebibytes = Integer.getInteger("wire.mebibytes", 64);
        try (LoopbackPair pair =
                        TestPair.started(
                                directory,
                                mebibytes * 5L / 4 + 128,
                                mebibytes,
                                TestPair.steady(256, 64, 16));
                StampedHosts hosts = new StampedHosts(8, 1, 1, 0)) {
            ChildNode source = pair.first();
            IscsiSession session = hosts.connect(LoopbackPair.url(source, 0), 1);
            double large = cost(pair, session, ScatteredWrites.permutation(mebibytes * 16), LARGE);
            assertThat(large).isGreaterThan(1.0).isLessThan(MOST_OF_LARGE);
            int[] scattered =
                    Arrays.copyOf(ScatteredWrites.permutation(mebibytes * 256), mebibytes * 16);
            double small = cost(pair, session, scattered, SMALL);
            assertThat(small).isGreaterThan(1.0).isLessThan(MOST_OF_SMALL);
            session.close();
        }
    }

    private static double cost(LoopbackPair pair, IscsiSession session, int[] order, int chunk)
            throws Exception {
        settled(pair);
        long before = payload(pair.first());
        ScatteredWrites.run(session, order, chunk);
        settled(pair);
        long crossed = payload(pair.first()) - before;
        long written = (long) order.length * chunk;
        double ratio = (double) crossed / written;
        System.out.printf(
                "wire cost of %d KiB writes: %d bytes crossed the link for %d written: %.4f%n",
                chunk / 1024, crossed, written, ratio);
        return ratio;
    }

    // Both sides at the same consistency point, and nothing waits for another.
    private static void settled(LoopbackPair pair) throws Exception {
        long until = System.nanoTime() + TestPair.PATIENCE.toNanos();
        int quiet = 0;
        while (quiet < 20) {
            VolumeView source = LoopbackPair.volume(pair.first());
            VolumeView mirror = LoopbackPair.volume(pair.second());
            boolean same = source != null && mirror != null && source.cp().equals(mirror.cp());
            long dirty = metrics(pair.first()).path("volume.vol1.dirty-bytes").asLong();
            quiet = same && dirty == 0 ? quiet + 1 : 0;
            assertThat(System.nanoTime()).as("both commit").isLessThan(until);
            TimeUnit.MILLISECONDS.sleep(50);
        }
    }

    private static long payload(ChildNode node) throws Exception {
        JsonNode all = metrics(node);
        return all.path("link.bytes-in").path("count").asLong()
                + all.path("link.bytes-out").path("count").asLong();
    }

    private static JsonNode metrics(ChildNode node) throws IOException, Refused {
        return node.admin().get("/metrics", JsonNode.class);
    }
}
