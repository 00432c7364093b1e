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

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.LongPredicate;

/// What a host unmaps goes back to the file systems under both nodes' disks, and the LUN is as good
/// as before.
final class SpaceBackTest {
    private static final int LUN_MEBIBYTES = 64;
    private static final int SECTORS = 512;
    private static final int BYTES = SECTORS * 512;
    private static final int WRITES = LUN_MEBIBYTES * 4;

    @TempDir Path directory;

    @Test
    void unmappedSpaceGoesBackToTheFileSystemsBelow() throws Exception {
        try (LoopbackPair pair =
                        TestPair.started(
                                directory, 192, LUN_MEBIBYTES, TestPair.steady(64, 8, 16));
                Initiator initiator = new Initiator(1)) {
            IscsiSession session =
                    initiator
                            .connect(LoopbackPair.url(pair.first(), 0), SessionOptions.defaults())
                            .get(30, TimeUnit.SECONDS);
            execute(session, Cdb.testUnitReady(new ScsiTask(), 0));
            ByteBuf data = Unpooled.directBuffer(BYTES);
            byte[] bytes = new byte[BYTES];
            new SplittableRandom(5).nextBytes(bytes);
            data.writeBytes(bytes);
            write(session, data, WRITES);
            long all = WRITES * (long) BYTES;
            for (ChildNode node : new ChildNode[] {pair.first(), pair.second()}) {
                await(node, held -> held > all);
            }
            ByteBuf list = Unpooled.directBuffer(24, 24).writerIndex(24);
            good(session, Cdb.unmap(new ScsiTask(), 0, 0, WRITES * SECTORS, list));
            list.release();
            for (ChildNode node : new ChildNode[] {pair.first(), pair.second()}) {
                await(node, held -> held < all / 2);
            }
            write(session, data, 8);
            ByteBuf found = Unpooled.directBuffer(BYTES);
            good(session, Cdb.read16(new ScsiTask(), 0, 7L * SECTORS, SECTORS, found));
            assertThat(found.setIndex(0, BYTES)).isEqualTo(data);
            found.release();
            data.release();
        }
    }

    private static void write(IscsiSession session, ByteBuf data, int times) throws Exception {
        for (int i = 0; i < times; i++) {
            long lba = (long) i * SECTORS;
            good(session, Cdb.write16(new ScsiTask(), 0, lba, SECTORS, data));
        }
    }

    private static CommandResult execute(IscsiSession session, ScsiTask task) throws Exception {
        return session.execute(task).get(60, TimeUnit.SECONDS);
    }

    private static void good(IscsiSession session, ScsiTask task) throws Exception {
        CommandResult result = execute(session, task);
        assertThat(result).isInstanceOf(CommandResult.Answered.class);
        assertThat(((CommandResult.Answered) result).status()).as("%s", result).isZero();
    }

    private static void await(ChildNode node, LongPredicate enough) throws Exception {
        long until = System.nanoTime() + TestPair.PATIENCE.toNanos();
        long held = held(node);
        while (!enough.test(held)) {
            assertThat(System.nanoTime())
                    .as("%s holds %d bytes", node.plan().name(), held)
                    .isLessThan(until);
            TimeUnit.MILLISECONDS.sleep(100);
            held = held(node);
        }
    }

    // Bytes of all disk files that their file system has given them.
    private static long held(ChildNode node) throws Exception {
        Path disks = node.disk(0).getParent();
        Process du =
                new ProcessBuilder("du", "-s", "--block-size=1", String.valueOf(disks)).start();
        String text = new String(du.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
        assertThat(du.waitFor()).isZero();
        return Long.parseLong(text.substring(0, text.indexOf('\t')));
    }
}
