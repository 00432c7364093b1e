package lockstep.cli.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;

import lockstep.cli.client.Refused;
import lockstep.cli.command.PairCreate;
import lockstep.cli.demo.ChildNode;
import lockstep.cli.demo.LoopbackPair;
import lockstep.cli.demo.StampedHosts;
import lockstep.cli.initiator.Cdb;
import lockstep.cli.initiator.CommandResult;
import lockstep.cli.initiator.Initiator;
import lockstep.cli.initiator.IscsiSession;
import lockstep.cli.initiator.IscsiUrl;
import lockstep.cli.initiator.ScsiTask;
import lockstep.cli.initiator.SessionOptions;
import lockstep.target.admin.model.CreateVolume;
import lockstep.target.admin.model.Done;
import lockstep.target.admin.model.ExportSnapshot;
import lockstep.target.admin.model.ExportView;
import lockstep.target.admin.model.PairView;
import lockstep.target.admin.model.RehearsalView;
import lockstep.target.admin.model.SnapshotView;
import lockstep.target.admin.model.VolumeView;

import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;

/// A mirror with real processes: its snapshots are read, cloned and its takeover rehearsed, while
/// the source writes on; through a restart and a switchover.
@DisplayName("Readable mirror")
final class MirrorUseTest {
    private static final int LUN = 1;
    private static final int SECTORS = 64;
    private static final int SECTOR = 512;
    private static final String EXPORTS = "/volumes/" + LoopbackPair.VOLUME + "/exports";

    @TempDir Path directory;

    private final Initiator initiator = new Initiator(1);

    private IscsiSession connect(ChildNode node, String target) throws Exception {
        IscsiUrl live = LoopbackPair.url(node, LUN);
        IscsiUrl url = new IscsiUrl(live.host(), live.port(), target, LUN);
        SessionOptions options = SessionOptions.defaults().named("iqn.test:reader", 1);
        long until = System.nanoTime() + TestPair.PATIENCE.toNanos();
        IscsiSession session = null;
        while (session == null) {
            try {
                session = initiator.connect(url, options).get(30, TimeUnit.SECONDS);
            } catch (ExecutionException refused) {
                // A node that has just started may have a clone's volume to open.
                assertThat(refused).hasMessageContaining("service unavailable");
                assertThat(System.nanoTime()).as("it can be logged in to").isLessThan(until);
                TimeUnit.MILLISECONDS.sleep(20);
            }
        }
        while (!text(execute(session, Cdb.testUnitReady(new ScsiTask(), LUN))).equals("GOOD")) {
            assertThat(System.nanoTime()).as("it gets ready").isLessThan(until);
            TimeUnit.MILLISECONDS.sleep(20);
        }
        return session;
    }

    private static CommandResult execute(IscsiSession session, ScsiTask task) throws Exception {
        return session.execute(task).get(60, TimeUnit.SECONDS);
    }

    private static String text(CommandResult result) {
        if (result instanceof CommandResult.Answered(_, _, var sense)) {
            return sense == null
                    ? "GOOD"
                    : "%x/%02x/%02x".formatted(sense.key(), sense.asc(), sense.ascq());
        }
        return result.toString();
    }

    private static String write(IscsiSession session, int lba, int sectors, int value)
            throws Exception {
        ByteBuf data = Unpooled.directBuffer(sectors * SECTOR);
        for (int i = 0; i < sectors * SECTOR; i++) {
            data.writeByte(value);
        }
        String ended = text(execute(session, Cdb.write16(new ScsiTask(), LUN, lba, sectors, data)));
        data.release();
        return ended;
    }

    /// The value of every sector's first byte.
    private static String read(IscsiSession session, int lba, int sectors) throws Exception {
        ByteBuf into = Unpooled.buffer(sectors * SECTOR, sectors * SECTOR);
        ScsiTask task = Cdb.read16(new ScsiTask(), LUN, lba, sectors, into);
        String ended = text(execute(session, task));
        StringBuilder firsts = new StringBuilder(ended.equals("GOOD") ? "" : ended);
        for (int i = 0; i < sectors && firsts.length() < sectors; i++) {
            firsts.append((char) into.getByte(i * SECTOR));
        }
        into.release();
        return firsts.toString();
    }

    private static String told(IscsiSession session, int page) throws Exception {
        ByteBuf into = Unpooled.buffer(64, 64);
        ScsiTask task =
                page == 0x3f
                        ? Cdb.modeSense6(new ScsiTask(), LUN, page, into, 64)
                        : Cdb.inquiry(new ScsiTask(), LUN, page, into, 64);
        execute(session, task);
        byte[] bytes = new byte[64];
        into.getBytes(0, bytes);
        into.release();
        return HexFormat.of().formatHex(bytes);
    }

    private static ExportView export(ChildNode node, ExportSnapshot request) throws Exception {
        return node.admin().post(EXPORTS, request, ExportView.class);
    }

    /// A pair in sync, of which the second node has two disks more, for a volume of its own.
    private LoopbackPair started() throws Exception {
        ChildNode.Settings settings = TestPair.steady(64, 8, 16);
        ChildNode alpha = TestPair.node("alpha", directory, 5, 40, settings);
        ChildNode beta = TestPair.node("beta", directory, 6, 72, settings);
        LoopbackPair pair = new LoopbackPair(alpha, beta);
        pair.start();
        pair.createVolume();
        pair.createLun(0, "data", 24 * TestPair.MEBIBYTE);
        pair.createLun(LUN, "kept", TestPair.MEBIBYTE);
        List<String> group = List.of("disk0", "disk1", "disk2", "disk3");
        PairCreate.pair(
                alpha.admin(), beta.admin(), LoopbackPair.VOLUME, List.of(group), null, null);
        assertThat(PairCreate.shareKeys(alpha.admin(), beta.admin())).isEmpty();
        pair.awaitInSync(TestPair.PATIENCE);
        beta.admin()
                .post("/volumes", new CreateVolume("scratch", List.of(), true), VolumeView.class);
        return pair;
    }

    @Test
    void aMirrorIsReadClonedAndRehearsedWhileItMirrors() throws Exception {
        try (initiator;
                LoopbackPair pair = started();
                StampedHosts hosts = new StampedHosts(16 * 2048, 2, 8, 5)) {
            ChildNode source = pair.first();
            ChildNode mirror = pair.second();
            IscsiSession live = connect(source, LoopbackPair.target());
            assertThat(write(live, 0, SECTORS, 'a')).isEqualTo("GOOD");
            hosts.start(LoopbackPair.url(source, 0));
            TestPair.awaitWrites(hosts, 300);

            ExportView shown = export(mirror, new ExportSnapshot(null, true, "backup", null));
            assertThat(shown.target()).isEqualTo(LoopbackPair.target() + ":backup");
            assertThat(write(live, 0, SECTORS, 'b')).isEqualTo("GOOD");
            IscsiSession backup = connect(mirror, shown.target());
            assertThat(read(backup, 0, SECTORS)).isEqualTo("a".repeat(SECTORS));
            assertIsProtected(backup, live);
            assertIsKept(source, shown);

            ExportView cloned =
                    export(mirror, new ExportSnapshot(shown.snapshot(), false, "try", "scratch"));
            IscsiSession clone = connect(mirror, cloned.target());
            assertThat(write(clone, 3, 2, 'c')).isEqualTo("GOOD");
            assertThat(read(clone, 0, 8)).isEqualTo("aaaccaaa");
            assertThat(read(backup, 0, 8)).isEqualTo("aaaaaaaa");
            assertThat(read(live, 0, 8)).isEqualTo("bbbbbbbb");

            RehearsalView rehearsal = rehearse(mirror);
            TestPair.awaitWrites(hosts, hosts.counts().acked() + 300);
            StampedHosts.Seen seen = hosts.stop();
            assertThat(seen.failed()).as("errors at hosts").isZero();
            assertThat(hosts.verify(LoopbackPair.url(source, 0)).isClean()).isTrue();

            mirror.kill();
            mirror.start();
            backup = connect(mirror, shown.target());
            clone = connect(mirror, cloned.target());
            assertThat(read(backup, 0, 8)).isEqualTo("aaaaaaaa");
            assertThat(read(clone, 0, 8)).isEqualTo("aaaccaaa");
            assertThat(lastRehearsal(mirror)).isEqualTo(rehearsal);

            export(mirror, new ExportSnapshot(shown.snapshot(), false, "lost", "scratch"));

            // The sessions stay where they are while the volume moves.
            assertThat(pair.awaitInSync(TestPair.PATIENCE)).isSameAs(source);
            pair.switchOver(source);
            assertThat(pair.awaitInSync(TestPair.PATIENCE)).isSameAs(mirror);
            assertThat(read(backup, 0, 8)).isEqualTo("aaaaaaaa");
            assertThat(write(clone, 5, 1, 'd')).isEqualTo("GOOD");
            assertThat(read(clone, 0, 8)).isEqualTo("aaaccdaa");
            for (String name : List.of("backup", "try")) {
                mirror.admin().delete(EXPORTS + "/" + name, Done.class);
            }
            assertThat(mirror.admin().list("/exports", ExportView.class)).hasSize(1);
            loseScratch(pair, mirror);
            mirror.admin().delete(path(shown), Done.class);
        }
    }

    // The disks of a clone's scratch volume are gone for good: its export can still be ended.
    private static void loseScratch(LoopbackPair pair, ChildNode node) throws Exception {
        node.kill();
        Files.delete(node.disk(4));
        Files.delete(node.disk(5));
        node.start();
        pair.awaitInSync(TestPair.PATIENCE);
        assertThat(node.admin().list("/exports", ExportView.class)).hasSize(1);
        node.admin().delete(EXPORTS + "/lost", Done.class);
        assertThat(node.admin().list("/exports", ExportView.class)).isEmpty();
    }

    private static void assertIsProtected(IscsiSession backup, IscsiSession live) throws Exception {
        assertThat(write(backup, 0, 1, 'x')).isEqualTo("7/27/00");
        assertThat(told(backup, 0x3f).substring(4, 6)).as("WP").isEqualTo("90");
        assertThat(told(backup, 0x83)).isNotEqualTo(told(live, 0x83));
        assertThat(told(backup, 0x80)).isNotEqualTo(told(live, 0x80));
    }

    private static String path(ExportView shown) {
        return "/volumes/" + LoopbackPair.VOLUME + "/luns/1/snapshots/" + shown.snapshot();
    }

    private static void assertIsKept(ChildNode source, ExportView shown) throws Exception {
        assertThat(source.admin().list("/snapshots", SnapshotView.class))
                .extracting(SnapshotView::name)
                .containsExactly(shown.snapshot(), shown.snapshot());
        assertThatThrownBy(() -> source.admin().delete(path(shown), Done.class))
                .isInstanceOfSatisfying(
                        Refused.class,
                        refused -> assertThat(refused.error().happened()).contains("mirror"));
    }

    private static RehearsalView rehearse(ChildNode node) throws Exception {
        VolumeView before = Objects.requireNonNull(LoopbackPair.volume(node));
        String path = "/volumes/" + LoopbackPair.VOLUME + "/rehearsal";
        RehearsalView found = node.admin().post(path, null, RehearsalView.class);
        assertThat(found.luns()).isEqualTo(2);
        assertThat(found.loses()).isEqualTo("nothing");
        assertThat(found.imageMicros()).isPositive();
        VolumeView after = Objects.requireNonNull(LoopbackPair.volume(node));
        assertThat(after.epoch()).isEqualTo(before.epoch());
        assertThat(after.state()).isEqualTo("mirroring");
        System.out.println(found.text());
        return found;
    }

    private static RehearsalView lastRehearsal(ChildNode node) throws Exception {
        PairView pair = node.admin().list("/pairs", PairView.class).getFirst();
        return Objects.requireNonNull(pair.rehearsal());
    }
}
