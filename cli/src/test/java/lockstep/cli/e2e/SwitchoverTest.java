package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.verify.Verification;
import lockstep.target.admin.model.EventView;
import lockstep.target.admin.model.SwitchedOver;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A volume moves to the partner and back while hosts that are logged in to both nodes write, with
/// few LUNs and with many: `-Dswitch.luns=1,200 -Dswitch.moves=4`. Prints how long hosts waited.
@DisplayName("Planned switchover and giveback")
final class SwitchoverTest {
    private static final int SECTORS = 24 * 2048;

    @TempDir Path directory;

    @Test
    void hostsSeeNoErrorAndLoseNothing() throws Exception {
        int moves = Integer.getInteger("switch.moves", 4);
        for (String luns : System.getProperty("switch.luns", "20").split(",", -1)) {
            move(Integer.parseInt(luns), moves);
        }
    }

    private void move(int luns, int moves) throws Exception {
        Path place = directory.resolve(luns + "-luns");
        try (LoopbackPair pair = TestPair.started(place, 96, 24, TestPair.steady(64, 8, 16));
                StampedHosts hosts = new StampedHosts(SECTORS, 2, 8, luns)) {
            for (int number = 1; number < luns; number++) {
                pair.createLun(number, "lun" + number, TestPair.MEBIBYTE);
            }
            hosts.start(LoopbackPair.url(pair.first(), 0));
            hosts.start(LoopbackPair.url(pair.second(), 0));
            for (int i = 0; i < moves; i++) {
                moveOnce(pair, hosts, luns);
            }
            assertThat(hosts.running()).as("every session is still there").isEqualTo(4);
            StampedHosts.Seen seen = hosts.stop();
            assertThat(seen.failed()).as("errors at hosts").isZero();
            assertThat(seen.wrongReads()).as(seen.wrong()).isZero();
            Verification.Report report = hosts.verify(LoopbackPair.url(pair.source(), 0));
            assertThat(report.isClean()).as(report.toString()).isTrue();
        }
    }

    private static void moveOnce(LoopbackPair pair, StampedHosts hosts, int luns) throws Exception {
        ChildNode from = pair.awaitInSync(TestPair.PATIENCE);
        ChildNode to = pair.other(from);
        TestPair.awaitWrites(hosts, hosts.counts().acked() + 300);
        Gap gap = new Gap(hosts);
        Thread watch = Thread.ofPlatform().start(gap);
        SwitchedOver moved = pair.switchOver(from);
        assertThat(pair.awaitInSync(TestPair.PATIENCE)).isSameAs(to);
        TestPair.awaitWrites(hosts, hosts.counts().acked() + 300);
        gap.over = true;
        watch.join();
        assertThat(events(from).filter(text -> text.contains("hosts waited for"))).isNotEmpty();
        assertThat(events(from)).noneMatch(text -> text.contains("link is lost"));
        System.out.printf(
                "switchover with %d LUNs, %s to %s: the volume paused for %.1f ms,"
                        + " no write was acknowledged for %.1f ms%n",
                luns,
                from.plan().name(),
                to.plan().name(),
                moved.pauseMicros() / 1e3,
                gap.longestNanos / 1e6);
    }

    private static Stream<String> events(ChildNode node) throws Exception {
        List<EventView> events = node.admin().list("/events", EventView.class);
        return events.stream().map(EventView::text);
    }

    /// The longest time in which no write was acknowledged.
    private static final class Gap implements Runnable {
        private final StampedHosts hosts;
        private volatile boolean over;
        private long longestNanos;

        Gap(StampedHosts hosts) {
            this.hosts = hosts;
        }

        @Override
        public void run() {
            long acked = hosts.counts().acked();
            long since = System.nanoTime();
            while (!over) {
                long now = System.nanoTime();
                if (hosts.counts().acked() != acked) {
                    acked = hosts.counts().acked();
                    longestNanos = Math.max(longestNanos, now - since);
                    since = now;
                }
                try {
                    TimeUnit.MILLISECONDS.sleep(1);
                } catch (InterruptedException _) {
                    return;
                }
            }
        }
    }
}
