package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.PooledByteBufAllocator;

import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;

import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/// Writes of one size to places of LUN 0 in a given order, some of them under way at a time.
final class ScatteredWrites {
    private static final int DEPTH = 16;

    private final IscsiSession session;
    private final int[] order;
    private final int chunk;
    private final AtomicInteger next = new AtomicInteger();

    private ScatteredWrites(IscsiSession session, int[] order, int chunk) {
        this.session = session;
        this.order = order;
        this.chunk = chunk;
    }

    /// All numbers below `count`, each once, in an order that is always the same.
    static int[] permutation(int count) {
        SplittableRandom random = new SplittableRandom(1);
        int[] order = new int[count];
        for (int i = 0; i < count; i++) {
            int at = random.nextInt(i + 1);
            order[i] = order[at];
            order[at] = i;
        }
        return order;
    }

    /// Writes `chunk` bytes of noise at each place of `order`, counted in chunks; every command
    /// must end well.
    static void run(IscsiSession session, int[] order, int chunk) throws Exception {
        ScatteredWrites writes = new ScatteredWrites(session, order, chunk);
        CompletableFuture<?>[] lanes = new CompletableFuture<?>[DEPTH];
        for (int lane = 0; lane < DEPTH; lane++) {
            ByteBuf content = PooledByteBufAllocator.DEFAULT.directBuffer(chunk, chunk);
            byte[] noise = new byte[chunk];
            new SplittableRandom(lane).nextBytes(noise);
            content.writeBytes(noise);
            lanes[lane] = writes.goOn(content).whenComplete((_, _) -> content.release());
        }
        CompletableFuture.allOf(lanes).get(180, TimeUnit.SECONDS);
    }

    private CompletableFuture<Void> goOn(ByteBuf content) {
        int index = next.getAndIncrement();
        if (index >= order.length) {
            return CompletableFuture.completedFuture(null);
        }
        long lba = order[index] * (chunk / 512L);
        return session.execute(Cdb.write16(new ScsiTask(), 0, lba, chunk / 512, content))
                .thenCompose(result -> good(result, content));
    }

    private CompletableFuture<Void> good(CommandResult result, ByteBuf content) {
        assertThat(result.isGood()).as(result.toString()).isTrue();
        return goOn(content);
    }
}
