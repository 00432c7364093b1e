package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

/// How long a host that is logged in to both nodes waits for a takeover after a SIGKILL, with a log
/// full of entries on distinct blocks: `-Dtakeover.entries=250000 -Dtakeover.luns=1,200
/// -Dtakeover.leases=500,3000 -Dnode.direct-mebibytes=3072`. Prints the times from the operator's
/// command; what it asserts is what was written.
final class TakeoverTimeTest {
    private static final int BLOCK = 4096;

    @TempDir Path directory;

    @Test
    void aFullLogIsServedByTheMirror() throws Exception {
        int entries = Integer.getInteger("takeover.entries", 2_000);
        for (String luns : System.getProperty("takeover.luns", "4").split(",", -1)) {
            for (String lease : System.getProperty("takeover.leases", "500").split(",", -1)) {
                takeOver(entries, Integer.parseInt(luns), Duration.ofMillis(Long.parseLong(lease)));
            }
        }
    }

    private void takeOver(int entries, int luns, Duration lease) throws Exception {
        Path place = directory.resolve(luns + "-luns-" + lease.toMillis());
        long mebibytes = entries / 256L + 1;
        long half = mebibytes * 5 / 4 + 8;
        ChildNode.Settings settings = TestPair.unhurried(half * 5 + 64, half, 64, lease);
        try (LoopbackPair pair = TestPair.started(place, mebibytes * 2 + 300, mebibytes, settings);
                Initiator initiator = new Initiator(1)) {
            for (int number = 1; number < luns; number++) {
                pair.createLun(number, "lun" + number, TestPair.MEBIBYTE);
            }
            IscsiSession active = connect(initiator, pair.first());
            IscsiSession standby = connect(initiator, pair.second());
            int[] order = ScatteredWrites.permutation(entries);
            ScatteredWrites.run(active, order, BLOCK);
            ByteBuf expected = read(active, 0, order[entries - 1] * 8L).get(60, TimeUnit.SECONDS);
            assertThat(expected).isNotNull();

            pair.first().kill();
            long begun = System.nanoTime();
            CompletableFuture<Long> first = served(standby, 0, order[entries - 1] * 8L, expected);
            pair.takeOver(pair.second());
            long answered = System.nanoTime();
            long firstRead = first.get(60, TimeUnit.SECONDS);
            CompletableFuture<?>[] others = new CompletableFuture<?>[luns - 1];
            for (int number = 1; number < luns; number++) {
                others[number - 1] = served(standby, number, 0, null);
            }
            CompletableFuture.allOf(others).get(60, TimeUnit.SECONDS);
            System.out.printf(
                    "takeover with %d entries and %d LUNs, lease %d ms: the command took %.0f ms,"
                            + " first read after %.0f ms, all LUNs after %.0f ms%n",
                    entries,
                    luns,
                    lease.toMillis(),
                    (answered - begun) / 1e6,
                    (firstRead - begun) / 1e6,
                    (System.nanoTime() - begun) / 1e6);
            // Every block has the content of one of the lanes that wrote.
            for (int block : Arrays.copyOf(order, Math.min(entries, 2_000))) {
                ByteBuf found = read(standby, 0, block * 8L).get(60, TimeUnit.SECONDS);
                assertThat(found).isNotNull();
                assertThat(found.getLong(0)).as("block " + block).isNotZero();
                found.release();
            }
            expected.release();
        }
    }

    private static IscsiSession connect(Initiator initiator, ChildNode node) throws Exception {
        SessionOptions options = SessionOptions.defaults().named("iqn.test:host", 1);
        IscsiSession session =
                initiator.connect(LoopbackPair.url(node, 0), options).get(30, TimeUnit.SECONDS);
        session.execute(Cdb.testUnitReady(new ScsiTask(), 0)).get(30, TimeUnit.SECONDS);
        return session;
    }

    /// A block, or null if the command did not end well.
    private static CompletableFuture<@Nullable ByteBuf> read(
            IscsiSession session, int lun, long lba) {
        ByteBuf into = Unpooled.buffer(BLOCK, BLOCK);
        return session.execute(Cdb.read16(new ScsiTask(), lun, lba, BLOCK / 512, into))
                .thenApply(
                        result -> {
                            if (result.isGood()) {
                                return into.setIndex(0, BLOCK);
                            }
                            assertThat(result).isInstanceOf(CommandResult.Answered.class);
                            into.release();
                            return null;
                        });
    }

    /// The moment at which a read of the LUN was answered, asked again and again; it must bring
    /// `expected`, if that is known.
    private static CompletableFuture<Long> served(
            IscsiSession session, int lun, long lba, @Nullable ByteBuf expected) {
        return read(session, lun, lba)
                .thenCompose(
                        found -> {
                            if (found == null) {
                                return served(session, lun, lba, expected);
                            }
                            long now = System.nanoTime();
                            if (expected != null) {
                                assertThat(found).isEqualTo(expected);
                            }
                            found.release();
                            return CompletableFuture.completedFuture(now);
                        });
    }
}
