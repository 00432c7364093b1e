package lockstep.blockstore.volume;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.disk.DiskLayout;
import lockstep.blockstore.raid.RaidGeometry;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.Arrays;

/// What a scrub does beside the repairs that [CorruptionMatrixTest] goes through: writes that were
/// lost or went elsewhere, blocks nobody can give, its way over restarts and beside hosts.
@NullUnmarked
final class VolumeScrubTest {
    private static final int BLOCKS = 1000;

    private final VolumeWorld world = new VolumeWorld(9, 4, 600, BLOCKS, CopyState.standalone());

    VolumeScrubTest() {
        world.open(() -> world.active != null);
        world.makeLun();
        for (int at = 0; at < BLOCKS; at += 100) {
            world.write(at, 100);
        }
        world.checkpoint();
    }

    private DiskLayout layout() {
        return world.disks.groups().getFirst().layout();
    }

    private RaidGeometry geometry() {
        return world.space.raid().geometry();
    }

    private long offset(long vbn) {
        return Blocks.toBytes(layout().dataStart() + geometry().dbnOf(vbn));
    }

    private SimDevice device(long vbn) {
        return world.devices.get(geometry().slotOf(vbn));
    }

    // Where block `block` of the LUN is: nobody else has its bytes.
    private long vbnOf(int block) {
        byte[] wanted =
                Arrays.copyOfRange(world.content, block * Blocks.SIZE, (block + 1) * Blocks.SIZE);
        for (long vbn = 0; vbn < geometry().size(); vbn++) {
            if (Arrays.equals(device(vbn).borrowBlock(offset(vbn)), wanted)) {
                return vbn;
            }
        }
        throw new AssertionError("block " + block + " is nowhere");
    }

    // Both copies of the checksum page of `vbn`, each at both places.
    private byte[][] pages(long vbn, byte[][] put) {
        int slot = geometry().slotOf(vbn);
        long page = geometry().dbnOf(vbn) / DiskLayout.ENTRIES_PER_PAGE;
        byte[][] found = new byte[4][];
        for (int i = 0; i < 4; i++) {
            SimDevice holder = world.devices.get((slot + i / 2) % world.devices.size());
            long at = Blocks.toBytes(layout().checksumPage(i / 2 == 1, page, i % 2));
            found[i] = holder.borrowBlock(at);
            if (put != null) {
                holder.poke(at, put[i]);
            }
        }
        return found;
    }

    @Test
    void d3LostWriteWhoseChecksumsWereLostTooIsFoundByItsPointer() {
        byte[] before = new byte[Blocks.SIZE];
        long vbn = freeSoon();
        byte[][] oldPages = pages(vbn, null);
        System.arraycopy(device(vbn).borrowBlock(offset(vbn)), 0, before, 0, Blocks.SIZE);
        int block = rewriteUntilUsed(vbn);
        byte[] after = device(vbn).borrowBlock(offset(vbn));
        // The disk kept neither the block nor any copy of its entry; what is there fits together.
        device(vbn).poke(offset(vbn), before);
        world.crash(false);
        pages(vbn, oldPages);
        world.open(() -> world.active != null);
        ScrubRun run = ScrubRun.pass(world);
        assertThat(run.count(ScrubFinding.Kind.POINTER)).isPositive();
        assertThat(run.lost).isEmpty();
        assertThat(device(vbn).borrowBlock(offset(vbn))).isEqualTo(after);
        assertThat(world.read(block, 1)).isEqualTo(Outcome.done());
        world.checkpoint();
        assertThat(ScrubRun.pass(world).count(ScrubFinding.Kind.LOST)).isZero();
        assertThat(world.check().errors()).isEmpty();
    }

    // A VBN that holds an old version of a block now, with an entry, and is free.
    private long freeSoon() {
        long vbn = vbnOf(500);
        world.write(500, 1);
        world.checkpoint();
        world.checkpoint();
        return vbn;
    }

    private int rewriteUntilUsed(long vbn) {
        byte[] before = device(vbn).borrowBlock(offset(vbn));
        for (int at = 0; at < BLOCKS; at += 50) {
            world.write(at, 50);
            world.checkpoint();
            byte[] now = device(vbn).borrowBlock(offset(vbn));
            if (!Arrays.equals(now, before)) {
                for (int block = at; block < at + 50; block++) {
                    int from = block * Blocks.SIZE;
                    if (Arrays.equals(
                            now, Arrays.copyOfRange(world.content, from, from + Blocks.SIZE))) {
                        return block;
                    }
                }
            }
        }
        throw new AssertionError("VBN " + vbn + " is not used again");
    }

    @Test
    void d4MisdirectedWriteIsRepairedAtBothEnds() {
        long meant = vbnOf(10);
        long landed = vbnOf(200);
        byte[] right = device(meant).peek(offset(meant), Blocks.SIZE);
        byte[] victim = device(landed).peek(offset(landed), Blocks.SIZE);
        device(landed).poke(offset(landed), right);
        device(meant).poke(offset(meant), new byte[Blocks.SIZE]);
        ScrubRun run = ScrubRun.pass(world);
        assertThat(run.misdirected).containsExactly(meant + " at " + landed);
        assertThat(run.ended.counts().misdirected()).isEqualTo(1);
        assertThat(device(meant).borrowBlock(offset(meant))).isEqualTo(right);
        assertThat(device(landed).borrowBlock(offset(landed))).isEqualTo(victim);
    }

    @Test
    void d13WrongParityOfRightDataIsMadeAnew() {
        long vbn = vbnOf(300);
        SimDevice parity = world.devices.getLast();
        byte[] data = device(vbn).peek(offset(vbn), Blocks.SIZE);
        byte[] right = parity.peek(offset(vbn), Blocks.SIZE);
        long page = geometry().dbnOf(vbn) / DiskLayout.ENTRIES_PER_PAGE;
        // Parity and both copies of its entries are gone: only the data say what it is.
        parity.corrupt(offset(vbn));
        for (int index = 0; index < 2; index++) {
            long own = Blocks.toBytes(layout().checksumPage(false, page, index));
            long other = Blocks.toBytes(layout().checksumPage(true, page, index));
            parity.poke(own, new byte[Blocks.SIZE]);
            world.devices.getFirst().poke(other, new byte[Blocks.SIZE]);
        }
        world.crash(false);
        world.open(() -> world.active != null);
        ScrubRun run = ScrubRun.pass(world);
        assertThat(run.count(ScrubFinding.Kind.PARITY_ERROR)).isPositive();
        assertThat(run.lost).isEmpty();
        assertThat(parity.borrowBlock(offset(vbn))).isEqualTo(right);
        assertThat(device(vbn).borrowBlock(offset(vbn))).isEqualTo(data);
        // The new entries come to rest with the next consistency point.
        world.checkpoint();
        world.crash(true);
        world.open(() -> world.active != null);
        assertThat(ScrubRun.pass(world).findings).isEmpty();
        world.readAll();
    }

    @Test
    void blockThatNobodyCanGiveIsListedAndReadsAsMediumError() {
        long vbn = vbnOf(400);
        device(vbn).corrupt(offset(vbn));
        world.devices.getLast().corrupt(offset(vbn));
        ScrubRun run = ScrubRun.pass(world);
        assertThat(run.lost).containsExactly("tree 0 level -1 index 400");
        assertThat(run.ended.counts().lostVbns()).containsExactly(vbn);
        assertThat(run.ended.counts().lost()).isEqualTo(1);
        Outcome read = world.read(400, 1);
        assertThat(read).isEqualTo(new Outcome.MediumError(Blocks.toBytes(400)));
        world.write(400, 1);
        world.checkpoint();
        assertThat(world.read(400, 1)).isEqualTo(Outcome.done());
    }

    @Test
    void passGoesOnAfterARestart() {
        ScrubSettings slow = new ScrubSettings(1 << 20, 1_000_000_000L);
        ScrubRun first = new ScrubRun(world, world.space, slow);
        world.loop.call(first.scrub::start);
        world.await(() -> first.scrub.state().phase() == ScrubState.Phase.STRIPES);
        world.await(() -> first.scrub.state().step() == 1);
        // The record is written every half minute; the pass goes on from there.
        world.loop.call(first.scrub::stop);
        world.loop.call(first.scrub::start);
        world.simulation.runFor(100_000_000L);
        world.crash(true);
        world.open(() -> world.active != null);
        ScrubRun second = new ScrubRun(world, world.space, slow);
        assertThat(second.scrub.state().phase()).isEqualTo(ScrubState.Phase.STRIPES);
        assertThat(second.scrub.state().step()).isEqualTo(1);
        world.loop.call(second.scrub::open);
        world.await(() -> second.ended != null);
        assertThat(second.ended.passes()).isEqualTo(1);
        assertThat(second.findings).isEmpty();
        second.close(world);
    }

    @Test
    void stoppedPassStaysStoppedOverARestart() {
        ScrubRun first = new ScrubRun(world, world.space, new ScrubSettings(1 << 20, 1));
        world.loop.call(first.scrub::start);
        world.await(() -> first.scrub.state().phase() == ScrubState.Phase.STRIPES);
        world.loop.call(first.scrub::stop);
        first.close(world);
        world.crash(true);
        world.open(() -> world.active != null);
        ScrubRun second = new ScrubRun(world, world.space, new ScrubSettings(1 << 20, 1));
        world.loop.call(second.scrub::open);
        world.simulation.runFor(200_000_000_000L);
        assertThat(second.scrub.state().running()).isFalse();
        assertThat(second.ended).isNull();
        second.close(world);
    }

    @Test
    void passBeginsByItselfWhenTheIntervalIsOver() {
        ScrubRun run = new ScrubRun(world, world.space, new ScrubSettings(1L << 40, 3_600_000));
        world.loop.call(run.scrub::open);
        world.simulation.runFor(3_500_000_000_000L);
        assertThat(run.scrub.state().passes()).isZero();
        world.simulation.runFor(4_000_000_000_000L);
        assertThat(run.scrub.state().passes()).isEqualTo(2);
        run.close(world);
    }

    @Test
    void rateOfZeroMeansNever() {
        ScrubRun run = new ScrubRun(world, world.space, new ScrubSettings(0, 1));
        world.loop.call(run.scrub::open);
        boolean[] begun = {true};
        world.loop.call(() -> begun[0] = run.scrub.start());
        world.simulation.runFor(200_000_000_000L);
        assertThat(begun[0]).isFalse();
        assertThat(run.scrub.state().passes()).isZero();
        run.close(world);
    }

    @Test
    void rateIsKept() {
        long bytes = 4L * Blocks.toBytes(600);
        ScrubRun run = new ScrubRun(world, world.space, new ScrubSettings(bytes / 10, 1L << 50));
        long before = world.simulation.nowNanos();
        world.loop.call(run.scrub::start);
        world.await(() -> run.ended != null);
        assertThat(world.simulation.nowNanos() - before).isGreaterThan(10_000_000_000L);
        run.close(world);
    }

    /// Nothing that is written while a pass goes on is taken for damage, and nothing real is
    /// missed.
    @Test
    void passBesideWritesFindsOnlyWhatIsWrong() {
        ScrubRun run = new ScrubRun(world, world.space, new ScrubSettings(1 << 24, 1L << 50));
        long vbn = vbnOf(990);
        device(vbn).corrupt(offset(vbn));
        world.loop.call(run.scrub::start);
        while (run.ended == null) {
            int at = world.simulation.random().nextInt(BLOCKS - 60);
            world.write(Math.min(at, 900), 40);
            if (world.simulation.oneIn(2)) {
                world.checkpoint();
            }
            world.simulation.runFor(60_000_000L);
        }
        assertThat(run.lost).isEmpty();
        // A consistency point that needs its stripe may come first.
        assertThat(run.findings).allMatch(finding -> finding.vbn() == vbn);
        assertThat(world.heard.healed).isEqualTo(1);
        assertThat(world.heard.lost).isZero();
        run.close(world);
        world.readAll();
        assertThat(world.check().errors()).isEmpty();
        assertThat(ScrubRun.pass(world).findings).isEmpty();
    }
}
