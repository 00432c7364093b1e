package lockstep.blockstore.crash;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.crash.OpSource.Limits;
import lockstep.blockstore.crash.VolumeNode.Shape;
import lockstep.blockstore.crash.VolumeNode.Trouble;
import lockstep.blockstore.crash.VolumeState.LunContent;
import lockstep.blockstore.sim.SimDevice;
import lockstep.blockstore.volume.Lun;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.SplittableRandom;

/// Every single operation of a device fails, once or with all that follow on that device: reads,
/// writes and flushes of disks and log, while the volume opens, works, makes consistency points and
/// opens again. Answers are right, or say that they are none; nothing hangs, and opening anew finds
/// everything. Rows D1, D7, D8, D11 and L1 of the fault model.
@NullUnmarked
final class IoSweepTest {
    private static final Shape SHAPE = new Shape(4, 90, 8, 16 << 10, 100 << 10);
    private static final long NEVER = Long.MAX_VALUE;

    /// Each so many-th operation only, and one of the two ways to fail.
    private static final long EACH = Long.getLong("sweep.each", 80);

    /// One run of the workload in which operation `failing` fails.
    private static final class Run {
        final long failing;
        final boolean forGood;
        final boolean ofLog;
        final int missing;
        final VolumeNode node;
        final Load load;
        long operations;
        SimDevice hit;

        Run(long failing, boolean forGood, boolean ofLog, int missing) {
            this.failing = failing;
            this.forGood = forGood;
            this.ofLog = ofLog;
            this.missing = missing;
            node = new VolumeNode(11, SHAPE);
            load = new Load(node, new SplittableRandom(11), new Limits(2, 16, 40));
        }

        private boolean fails(SimDevice device) {
            operations++;
            if (operations == failing) {
                hit = device;
                return true;
            }
            return forGood && device.equals(hit);
        }

        /// Returns how many operations there were.
        long go() {
            try {
                node.format();
                for (SimDevice device : ofLog ? node.logs : node.disks) {
                    device.faults().failWhen(() -> fails(device));
                }
                if (missing >= 0) {
                    node.disks.set(missing, null);
                    load.allowLoss();
                }
                work(150);
                node.crash(true);
                work(110);
                node.crash(true);
                node.devices().forEach(device -> device.faults().heal());
                if (forGood && hit != null && !ofLog && missing < 0) {
                    hit.faults().failAll("gone");
                }
                node.mustOpen();
                node.activate();
                verify();
                node.checkpoint();
                if (node.stopped != null) {
                    throw new Trouble("stopped: " + node.stopped);
                }
                node.checkStripes("at the end", node.checkImage("at the end"));
            } catch (RuntimeException | AssertionError e) {
                String which = (ofLog ? "log" : "disk") + " operation " + failing;
                String how = forGood ? " and all later ones" : "";
                throw new AssertionError(which + how + ", missing " + missing + ": " + e, e);
            }
            return operations;
        }

        // A clean error ends it early.
        private void work(int ops) {
            node.open();
            if (node.refusal != null || !node.activated() || !verify()) {
                return;
            }
            load.run(ops);
            load.quiet();
            if (missing < 0 && node.stopped != null) {
                throw new Trouble("one failure stops it: " + node.stopped);
            }
            verify();
        }

        // Whether all of it is known now.
        private boolean verify() {
            VolumeState due = load.twin.newest();
            VolumeState found = node.observe(_ -> {});
            if (missing < 0 || found != null) {
                if (found == null || !load.crashedTo(found)) {
                    String how = found == null ? "not readable" : found.difference(due);
                    throw new Trouble("found and due differ: " + how);
                }
                return true;
            }
            for (Lun lun : node.volume.luns()) {
                verifyBlocks(lun);
            }
            return false;
        }

        // With a disk missing a block may be lost, and then it says so; all others are right.
        private void verifyBlocks(Lun lun) {
            for (long at = 0; at < lun.record().size(); at += Blocks.SIZE) {
                ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
                long offset = at;
                Outcome[] end = new Outcome[1];
                node.loop.call(() -> lun.read(offset, into, outcome -> end[0] = outcome));
                node.await(() -> end[0] != null, "a read ends");
                if (end[0].isDone() && !isAllowed(lun, at, Stamps.of(into))) {
                    throw new Trouble("wrong bytes at " + at);
                }
            }
        }

        private boolean isAllowed(Lun lun, long at, long[] stamps) {
            int first = (int) (at / Blocks.SECTOR);
            for (int i = 0; i < stamps.length; i++) {
                boolean right = false;
                for (int n = load.twin.acknowledged(); n <= load.twin.submitted(); n++) {
                    LunContent content = load.twin.state(n).lun(lun.record().number());
                    right |= content != null && content.sectors()[first + i] == stamps[i];
                }
                if (!right) {
                    return false;
                }
            }
            return true;
        }
    }

    private static void sweep(boolean ofLog, int missing) {
        long operations = new Run(NEVER, false, ofLog, missing).go();
        long runs = 0;
        for (long k = 1 + operations % EACH; k <= operations; k += EACH) {
            boolean odd = (k / EACH & 1) != 0;
            if (EACH == 1 || odd) {
                new Run(k, false, ofLog, missing).go();
                runs++;
            }
            if (EACH == 1 || !odd) {
                new Run(k, true, ofLog, missing).go();
                runs++;
            }
        }
        System.out.printf(
                "%s operations, %d missing: %d, %d runs with a failing one%n",
                ofLog ? "log" : "disk", missing < 0 ? 0 : 1, operations, runs);
        assertThat(runs).isPositive();
        assertThat(operations).isGreaterThan(ofLog ? 400L : 1500L);
    }

    @Test
    void anyDiskOperationMayFail() {
        sweep(false, -1);
    }

    @Test
    void anyDiskOperationOfADegradedGroupMayFail() {
        sweep(false, 1);
    }

    @Test
    void l1AnyLogOperationMayFail() {
        sweep(true, -1);
    }
}
