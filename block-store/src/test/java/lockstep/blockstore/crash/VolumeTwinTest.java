package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.crash.VolumeNode.Trouble;
import lockstep.blockstore.crash.VolumeState.LunContent;
import lockstep.blockstore.sim.Seeds;
import lockstep.blockstore.volume.Lun;
import lockstep.blockstore.volume.LunExtent;
import lockstep.blockstore.volume.VolumeUsage;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.UUID;

/// A volume against its twin over many operations, with restarts, kills and power cuts between
/// them: it never differs (invariants 1, 2, 8), its space always adds up and an acknowledged write
/// never finds it full (invariant 9). Half of the seeds have so little space that the volume is
/// full most of the time: writes are refused then, deleting works, and consistency points go on.
@NullUnmarked
final class VolumeTwinTest {
    private static final int ROUNDS = Integer.getInteger("twin.rounds", 24);
    private static final int OPS_OF_A_ROUND = 80;
    private static final int EXTRAS = 3;

    private static final Shape ROOMY = new Shape(5, 260, 20, 32 << 10, 400 << 10);
    private static final Shape TIGHT = new Shape(4, 72, 16, 16 << 10, 200 << 10);

    /// One world.
    private static final class World {
        final boolean tight;
        final SplittableRandom random;
        final VolumeNode node;
        final Load load;
        final NodeGrowth growth;
        long restarts;
        long growths;

        World(long seed) {
            tight = seed % 2 == 1;
            random = new SplittableRandom(~seed);
            node = new VolumeNode(seed, tight ? TIGHT : ROOMY);
            Limits limits = tight ? new Limits(3, 64, 60) : new Limits(6, 70, 100);
            load = new Load(node, new SplittableRandom(seed), limits);
            growth = new NodeGrowth(node);
        }

        void run() {
            node.format();
            node.mustOpen();
            node.activate();
            for (int round = 0; round < ROUNDS; round++) {
                if (round > 6 && random.nextInt(5) == 0) {
                    grow();
                }
                load.run(OPS_OF_A_ROUND);
                if (random.nextInt(3) == 0) {
                    restart(random.nextBoolean());
                } else if (random.nextBoolean()) {
                    load.quiet();
                    look("as it is");
                    node.checkpoint();
                    look("after a consistency point");
                    node.checkStripes("all of it", node.checkImage("all of it"));
                    checkSpace();
                }
                if (node.stopped != null) {
                    throw new Trouble("it stopped: " + node.stopped);
                }
                load.twin.forget();
            }
            load.quiet();
            look("at the end");
            if (tight) {
                deleteAll();
            }
        }

        // Beside everything else.
        private void grow() {
            if (!growth.refused().isEmpty()) {
                throw new Trouble("it does not grow: " + growth.refused());
            }
            boolean full = node.extras.size() >= EXTRAS;
            boolean half = node.raid.size() > node.copy.root().vbnCount();
            if (!growth.isUnderWay() && (half || !full)) {
                growth.begin(random.nextInt(4) == 0, () -> growths++);
            }
        }

        // With operations under way; only what was acknowledged is certain.
        private void restart(boolean powerCut) {
            restarts++;
            node.crash(powerCut);
            node.mustOpen();
            node.activate();
            look("after a restart");
        }

        private void look(String when) {
            VolumeState found = node.mustObserve();
            VolumeState due = load.twin.newest();
            if (!load.crashedTo(found)) {
                throw new Trouble(when + ": found and due differ: " + found.difference(due));
            }
            for (Lun lun : node.volume.luns()) {
                LunContent content = found.lun(lun.record().number());
                checkExtents(lun, content.sectors());
            }
        }

        // What holds no space reads as zeros, and the runs cover the LUN.
        private void checkExtents(Lun lun, long[] sectors) {
            List<LunExtent> extents = new ArrayList<>();
            Outcome[] ended = new Outcome[1];
            node.loop.call(
                    () ->
                            lun.extents(
                                    0,
                                    Integer.MAX_VALUE,
                                    (outcome, found) -> {
                                        extents.addAll(found);
                                        ended[0] = outcome;
                                    }));
            node.await(() -> ended[0] != null, "the extents are told");
            long at = 0;
            for (LunExtent extent : extents) {
                int from = (int) (extent.offset() / Blocks.SECTOR);
                int to = (int) ((extent.offset() + extent.length()) / Blocks.SECTOR);
                boolean zeros = Arrays.stream(sectors, from, to).allMatch(stamp -> stamp == 0);
                if (extent.offset() != at || (!extent.mapped() && !zeros)) {
                    throw new Trouble("wrong extent: " + extent);
                }
                at += extent.length();
            }
            if (!ended[0].isDone() || at != lun.record().size()) {
                throw new Trouble("the extents end at " + at + " with " + ended[0]);
            }
        }

        // Nothing is under way and all is committed: what LUNs hold is what they have mapped, and
        // the rest of what is used is trees, maps and what a sweep will free.
        private void checkSpace() {
            VolumeUsage usage = node.volume.usage();
            long mapped = 0;
            for (Lun lun : node.volume.luns()) {
                LunContent content = load.twin.newest().lun(lun.record().number());
                long held = node.volume.mappedBlocks(lun.record().number());
                long blocks = content.sectors().length / Blocks.SECTORS;
                if (held < written(content.sectors()) || held > blocks) {
                    throw new Trouble("LUN " + lun.record() + " holds " + held + " blocks");
                }
                mapped += held;
            }
            long trees = usage.usedBlocks() - usage.deadBlocks() - mapped;
            if (trees < 0 || trees > 64 || usage.reservedBlocks() != 0) {
                throw new Trouble("space does not add up: " + usage + ", mapped " + mapped);
            }
        }

        private static long written(long[] sectors) {
            long blocks = 0;
            for (int at = 0; at < sectors.length; at += Blocks.SECTORS) {
                boolean any = false;
                for (int i = at; i < at + Blocks.SECTORS; i++) {
                    any |= sectors[i] != 0;
                }
                blocks += any ? 1 : 0;
            }
            return blocks;
        }

        // However full it is, deleting works, and gives everything back.
        private void deleteAll() {
            for (Lun lun : node.volume.luns()) {
                Outcome end = ended(node, new Op.DeleteLun(lun.record().number()));
                if (!end.isDone()) {
                    throw new Trouble("deleting ends with " + end);
                }
            }
            for (int i = 0; i < 3; i++) {
                node.checkpoint();
            }
            node.checkImage("when all is deleted");
            VolumeUsage usage = node.volume.usage();
            if (usage.usedBlocks() - usage.deadBlocks() > 16) {
                throw new Trouble("an empty volume holds " + usage);
            }
        }
    }

    /// The dead list of all its blocks takes more than a consistency point of writes ever does.
    @Test
    void theOnlyLunOfAFullVolumeCanBeDeleted() {
        VolumeNode node = new VolumeNode(3, new Shape(4, 4400, 20, 512 << 10, 4 << 20));
        node.format();
        node.mustOpen();
        node.activate();
        assertThat(ended(node, new Op.PutLun(0, new UUID(1, 1), 13_200)).isDone()).isTrue();
        Outcome last = Outcome.done();
        long[] stamps = new long[1024];
        for (int sector = 0; last.isDone(); sector += stamps.length) {
            Arrays.fill(stamps, sector + 1);
            last = ended(node, new Op.Write(0, sector, stamps));
        }
        assertThat(last).isEqualTo(new Outcome.NoSpace());
        last = Outcome.done();
        for (int sector = 102_000; last.isDone(); sector += 8) {
            last = ended(node, new Op.Write(0, sector, Arrays.copyOf(stamps, 8)));
        }
        assertThat(last).isEqualTo(new Outcome.NoSpace());
        assertThat(ended(node, new Op.DeleteLun(0)).isDone()).isTrue();
        // Its space comes back in parts.
        for (int i = 0; i < 20 && node.volume.usage().usedBlocks() >= 200; i++) {
            node.checkpoint();
        }
        assertThat(node.stopped).isNull();
        node.checkImage("when it is deleted");
        assertThat(node.volume.usage().usedBlocks()).isLessThan(200);
    }

    private static Outcome ended(VolumeNode node, Op op) {
        Outcome[] ended = new Outcome[1];
        node.loop.call(() -> op.issue(node.volume, outcome -> ended[0] = outcome));
        node.await(() -> ended[0] != null, "it ends");
        return ended[0];
    }

    @Test
    void aVolumeNeverDiffersFromItsTwin() {
        long done = 0;
        long refused = 0;
        long restarts = 0;
        long growths = 0;
        for (long seed : Seeds.of("twin.seeds", 6).toArray()) {
            World world = new World(seed);
            try {
                world.run();
            } catch (RuntimeException | AssertionError e) {
                throw new AssertionError("seed " + seed + ": " + e, e);
            }
            done += world.load.done();
            refused += world.load.refused();
            restarts += world.restarts;
            growths += world.growths;
        }
        System.out.printf(
                "%d operations, %d refused, %d restarts, %d growths%n",
                done + refused, refused, restarts, growths);
        assertThat(growths).isPositive();
        assertThat(done).isPositive();
        assertThat(restarts).isPositive();
    }
}
