package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// A disk of the serving node's group is lost under load.
final class DiskLossTest {
    private static final int SECTORS = 48 * 2048;
    private static final int LOST = 2;

    @TempDir Path directory;

    @Test
    void aRemovedDiskFileCostsNothingButRedundancy() throws Exception {
        survives(node -> Files.delete(node.disk(LOST)));
    }

    @Test
    void aDiskFileFullOfNoiseCostsNothingButRedundancy() throws Exception {
        survives(node -> overwrite(node.disk(LOST)));
    }

    private interface Harm {
        void to(ChildNode node) throws Exception;
    }

    private void survives(Harm harm) throws Exception {
        try (LoopbackPair pair = TestPair.started(directory, 192, 48, TestPair.steady(64, 8, 1));
                StampedHosts hosts = new StampedHosts(SECTORS, 2, 8, 7)) {
            ChildNode node = pair.first();
            hosts.start(LoopbackPair.url(node, 0));
            TestPair.awaitWrites(hosts, 400);
            harm.to(node);
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 400);
            StampedHosts.Seen seen = hosts.stop();
            Verification.Report report = hosts.verify(LoopbackPair.url(node, 0));
            System.out.println("disk loss: " + seen + "; " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            assertThat(seen.failed() + seen.refused()).isZero();
            assertDegraded(node);
        }
    }

    // What went before is durable; the loss shows at the latest with the next consistency points.
    private static void assertDegraded(ChildNode node) throws Exception {
        @Nullable VolumeView view = LoopbackPair.volume(node);
        for (int i = 0; i < 200 && !isDegraded(view); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
            view = LoopbackPair.volume(node);
        }
        assertThat(isDegraded(view)).as(String.valueOf(view)).isTrue();
        assertThat(node.admin().list("/events", EventView.class))
                .anyMatch(event -> event.text().contains("degraded: group 0 slot " + LOST));
    }

    private static boolean isDegraded(@Nullable VolumeView view) {
        return view != null && view.groups().getFirst().state().equals("degraded");
    }

    private static void overwrite(Path disk) throws Exception {
        SplittableRandom random = new SplittableRandom(5);
        byte[] noise = new byte[1 << 20];
        try (FileChannel channel = FileChannel.open(disk, StandardOpenOption.WRITE)) {
            long size = channel.size();
            for (long at = 0; at < size; at += noise.length) {
                random.nextBytes(noise);
                int length = (int) Math.min(noise.length, size - at);
                channel.write(ByteBuffer.wrap(noise, 0, length), at);
            }
        }
    }
}
