package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.ReplaceDisk;
import lockstep.target.admin.model.VolumeView;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;

/// A disk of the serving node's group is lost under load, rebuilt under load, and then another is
/// lost: what hosts wrote is there all the time.
final class DiskLossTest {
    private static final int SECTORS = 48 * 2048;
    private static final int LOST = 2;
    private static final int SECOND_LOST = 0;

    @TempDir Path directory;

    @Test
    void aRemovedDiskFileIsRebuiltOntoANewOne() throws Exception {
        survives(
                node -> Files.delete(node.disk(LOST)),
                node -> {
                    Path fresh = node.disk(LOST).resolveSibling("fresh");
                    try (RandomAccessFile file = new RandomAccessFile(fresh.toFile(), "rw")) {
                        file.setLength(node.plan().diskBytes());
                    }
                    return fresh.toString();
                });
    }

    @Test
    void aDiskFileFullOfNoiseIsRebuiltOntoItself() throws Exception {
        survives(node -> overwrite(node.disk(LOST)), node -> "disk" + LOST);
    }

    private interface Harm {
        void to(ChildNode node) throws Exception;
    }

    private interface Replacement {
        String at(ChildNode node) throws Exception;
    }

    private void survives(Harm harm, Replacement replacement) throws Exception {
        try (LoopbackPair pair = TestPair.started(directory, 192, 48, TestPair.steady(64, 8, 1));
                StampedHosts hosts = new StampedHosts(SECTORS, 2, 8, 7)) {
            ChildNode node = pair.first();
            hosts.start(LoopbackPair.url(node, 0));
            TestPair.awaitWrites(hosts, 400);
            harm.to(node);
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 400);
            awaitGroup(node, "degraded");
            assertThat(node.admin().list("/events", EventView.class))
                    .anyMatch(event -> event.text().contains("degraded: group 0 slot " + LOST));
            ReplaceDisk request = new ReplaceDisk(0, LOST, replacement.at(node), false);
            String path = "/volumes/" + LoopbackPair.VOLUME + "/disks/replace";
            System.out.println(node.admin().post(path, request, Done.class).message());
            awaitGroup(node, "healthy");
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 200);
            Files.delete(node.disk(SECOND_LOST));
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 400);
            awaitGroup(node, "degraded");
            StampedHosts.Seen seen = hosts.stop();
            Verification.Report report = hosts.verify(LoopbackPair.url(node, 0));
            System.out.println("disk loss: " + seen + "; " + report);
            assertThat(report.isClean()).as(report.toString()).isTrue();
            assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            assertThat(seen.failed() + seen.refused()).isZero();
            assertThat(node.admin().list("/events", EventView.class))
                    .anyMatch(event -> event.text().endsWith(" is whole again"))
                    .noneMatch(event -> event.text().contains("lost for good"));
        }
    }

    // A loss shows at the latest with the next consistency points.
    private static void awaitGroup(ChildNode node, String state) throws Exception {
        @Nullable VolumeView view = LoopbackPair.volume(node);
        for (int i = 0; i < 600 && !isIn(view, state); i++) {
            TimeUnit.MILLISECONDS.sleep(50);
            view = LoopbackPair.volume(node);
        }
        assertThat(isIn(view, state)).as(String.valueOf(view)).isTrue();
    }

    private static boolean isIn(@Nullable VolumeView view, String state) {
        return view != null && view.groups().getFirst().state().equals(state);
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
