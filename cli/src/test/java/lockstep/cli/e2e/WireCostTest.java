package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.client.Refused;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.target.admin.model.VolumeView;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// What mirroring costs on the wire. Blocks cross once, as log entries; consistency points only
/// name them, and parity and checksums do not cross at all.
final class WireCostTest {
    private static final int LARGE = 64 * 1024;
    private static final int SMALL = 4 * 1024;
    private static final int DEPTH = 16;

    /// Of large writes, and of small ones here and there, which change a tree node each.
    private static final double MOST_OF_LARGE = 1.10;

    private static final double MOST_OF_SMALL = 1.35;

    @TempDir Path directory;

    @Test
    void alignedWritesCrossTheLinkOnce() throws Exception {
        int mebibytes = Integer.getInteger("wire.mebibytes", 256);
        try (LoopbackPair pair =
                        TestPair.started(
                                directory,
                                mebibytes * 5L / 4 + 128,
                                mebibytes,
                                TestPair.steady(256, 64, 16));
                StampedHosts hosts = new StampedHosts(8, 1, 1, 0)) {
            ChildNode source = pair.first();
            IscsiSession session = hosts.connect(LoopbackPair.url(source, 0), 1);
            double large = cost(pair, session, permutation(mebibytes * 16), LARGE);
            assertThat(large).isGreaterThan(1.0).isLessThan(MOST_OF_LARGE);
            int[] scattered = Arrays.copyOf(permutation(mebibytes * 256), mebibytes * 16);
            double small = cost(pair, session, scattered, SMALL);
            assertThat(small).isGreaterThan(1.0).isLessThan(MOST_OF_SMALL);
            session.close();
        }
    }

    private static double cost(LoopbackPair pair, IscsiSession session, int[] order, int chunk)
            throws Exception {
        settled(pair);
        long before = payload(pair.first());
        writeAll(session, order, chunk);
        settled(pair);
        long crossed = payload(pair.first()) - before;
        long written = (long) order.length * chunk;
        double ratio = (double) crossed / written;
        System.out.printf(
                "wire cost of %d KiB writes: %d bytes crossed the link for %d written: %.4f%n",
                chunk / 1024, crossed, written, ratio);
        return ratio;
    }

    private static int[] permutation(int count) {
        SplittableRandom random = new SplittableRandom(1);
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int at = random.nextInt(i + 1);
            order[i] = order[at];
            order[at] = i;
        }
        return order;
    }

    private static void writeAll(IscsiSession session, int[] order, int chunk) throws Exception {
        AtomicInteger next = new AtomicInteger();
        CompletableFuture<?>[] lanes = new CompletableFuture<?>[DEPTH];
        for (int lane = 0; lane < DEPTH; lane++) {
            ByteBuf content = PooledByteBufAllocator.DEFAULT.directBuffer(chunk, chunk);
            byte[] noise = new byte[chunk];
            new SplittableRandom(lane).nextBytes(noise);
            content.writeBytes(noise);
            lanes[lane] =
                    lane(session, order, next, content).whenComplete((_, _) -> content.release());
        }
        CompletableFuture.allOf(lanes).get(180, TimeUnit.SECONDS);
    }

    private static CompletableFuture<Void> lane(
            IscsiSession session, int[] order, AtomicInteger next, ByteBuf content) {
        int chunk = content.capacity();
        int index = next.getAndIncrement();
        if (index >= order.length) {
            return CompletableFuture.completedFuture(null);
        }
        long lba = order[index] * (chunk / 512L);
        return session.execute(Cdb.write16(new ScsiTask(), 0, lba, chunk / 512, content))
                .thenCompose(result -> good(result, session, order, next, content));
    }

    private static CompletableFuture<Void> good(
            CommandResult result,
            IscsiSession session,
            int[] order,
            AtomicInteger next,
            ByteBuf content) {
        assertThat(result.isGood()).as(result.toString()).isTrue();
        return lane(session, order, next, content);
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
