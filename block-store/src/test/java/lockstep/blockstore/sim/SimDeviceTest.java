package lockstep.blockstore.sim;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.BrokenInvariant;
import lockstep.blockstore.io.BlockDevice.Extent;
import lockstep.blockstore.io.IoFault;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.TreeSet;

class SimDeviceTest {
    private Simulation simulation = new Simulation(1);
    private SimDevice device = new SimDevice(simulation, "disk", 1 << 20);
    private SimEventLoop loop = simulation.newLoop("node");
    private final List<@Nullable IoFault> ended = new ArrayList<>();

    private void start(long seed) {
        simulation = new Simulation(seed);
        device = new SimDevice(simulation, "disk", 1 << 20);
        loop = simulation.newLoop("node");
        device.attach(loop);
        ended.clear();
    }

    private static Extent extent(long offset, int fill, int blocks) {
        byte[] bytes = new byte[blocks * Blocks.SIZE];
        Arrays.fill(bytes, (byte) fill);
        return new Extent(offset, List.of(ByteBuffer.wrap(bytes)));
    }

    private void write(long offset, int fill, int blocks) {
        loop.call(() -> device.write(extent(offset, fill, blocks), ended::add));
    }

    private void flush() {
        loop.call(() -> device.flush(ended::add));
    }

    @Test
    void readSeesTheLatestWrite() {
        start(1);
        write(4096, 7, 2);
        simulation.runUntilIdle();
        Extent into = extent(4096, 0, 2);
        loop.call(() -> device.read(into, ended::add));
        simulation.runUntilIdle();
        assertThat(ended).containsExactly(null, null);
        assertThat(into.buffers().getFirst().get(8191)).isEqualTo((byte) 7);
    }

    @Test
    void flushedWritesSurviveEveryCrash() {
        for (int seed = 0; seed < 100; seed++) {
            start(seed);
            write(0, 3, 4);
            simulation.runUntilIdle();
            flush();
            simulation.runUntilIdle();
            device.crash();
            assertThat(device.peek(0, 16384)).containsOnly(3);
        }
    }

    @Test
    void flushesUnderWayAtOnceCoverEachWhatWasThereBefore() {
        for (int seed = 0; seed < 100; seed++) {
            start(seed);
            write(0, 3, 1);
            simulation.runUntilIdle();
            flush();
            write(4096, 4, 1);
            simulation.runUntil(() -> device.peek(4096, 1)[0] == 4);
            flush();
            simulation.runUntilIdle();
            device.crash();
            assertThat(device.peek(0, 4096)).containsOnly(3);
            assertThat(device.peek(4096, 4096)).containsOnly(4);
        }
    }

    @Test
    void unflushedWritesAreKeptLostOrTorn() {
        TreeSet<String> fates = new TreeSet<>();
        for (int seed = 0; seed < 100; seed++) {
            start(seed);
            write(0, 3, 1);
            if (seed % 2 == 0) {
                simulation.runUntilIdle();
            }
            device.crash();
            byte[] left = device.peek(0, 4096);
            int kept = 0;
            for (int sector = 0; sector < 8; sector++) {
                kept += left[sector * 512] == 3 ? 1 : 0;
                assertThat(left[sector * 512 + 511]).isEqualTo(left[sector * 512]);
            }
            fates.add(kept == 8 ? "kept" : kept == 0 ? "lost" : "torn");
        }
        assertThat(fates).containsExactly("kept", "lost", "torn");
    }

    @Test
    void durableWriteOutlivesAnOlderVolatileOne() {
        for (int seed = 0; seed < 100; seed++) {
            start(seed);
            write(0, 1, 1);
            simulation.runUntilIdle();
            loop.call(() -> device.writeDurably(List.of(extent(0, 2, 1)), ended::add));
            simulation.runUntilIdle();
            device.crash();
            assertThat(device.peek(0, 4096)).containsOnly(2);
        }
    }

    @Test
    void completionsOfADeadIncarnationNeverArrive() {
        start(5);
        write(0, 1, 1);
        flush();
        loop.stop();
        device.crash();
        device.attach(simulation.newLoop("node again"));
        simulation.runUntilIdle();
        assertThat(ended).isEmpty();
    }

    @Test
    void killedProcessLeavesTheCacheReadable() {
        start(5);
        write(0, 1, 1);
        simulation.runUntilIdle();
        loop.stop();
        device.attach(simulation.newLoop("node again"));
        assertThat(device.peek(0, 4096)).containsOnly(1);
    }

    @Test
    void lyingFlushIsLostInACrash() {
        int lost = 0;
        for (int seed = 0; seed < 50; seed++) {
            start(seed);
            device.faults().ignoreFlushes();
            write(0, 9, 1);
            simulation.runUntilIdle();
            flush();
            simulation.runUntilIdle();
            device.crash();
            lost += device.peek(0, 1)[0] == 9 ? 0 : 1;
        }
        assertThat(lost).isPositive();
    }

    @Test
    void failedFlushIsNotRepairedByTheNextOne() {
        int lost = 0;
        for (int seed = 0; seed < 50; seed++) {
            start(seed);
            write(0, 9, 1);
            simulation.runUntilIdle();
            device.faults().failFlushes();
            flush();
            simulation.runUntilIdle();
            device.faults().heal();
            flush();
            simulation.runUntilIdle();
            assertThat(ended.getLast()).isNull();
            device.crash();
            lost += device.peek(0, 1)[0] == 9 ? 0 : 1;
        }
        assertThat(lost).isBetween(10, 40);
    }

    @Test
    void faultsReachTheirOperationsOnly() {
        start(2);
        device.faults().failReads(SimFaults.Range.touching(8192, 1));
        loop.call(() -> device.read(extent(0, 0, 2), ended::add));
        simulation.runUntilIdle();
        loop.call(() -> device.read(extent(4096, 0, 2), ended::add));
        simulation.runUntilIdle();
        assertThat(ended).containsExactly(null, new IoFault("disk", "read", "medium error"));
    }

    @Test
    void latentSectorErrorIsCuredByAWrite() {
        start(2);
        device.faults().markUnreadable(4096, 4096);
        loop.call(() -> device.read(extent(0, 0, 2), ended::add));
        simulation.runUntilIdle();
        write(4096, 1, 1);
        simulation.runUntilIdle();
        loop.call(() -> device.read(extent(0, 0, 2), ended::add));
        simulation.runUntilIdle();
        assertThat(ended).hasSize(3);
        assertThat(ended.get(0)).isNotNull();
        assertThat(ended.get(2)).isNull();
    }

    @Test
    void lostAndMisdirectedWritesLookDone() {
        start(2);
        device.faults().loseNextWrite(SimFaults.Range.ANY);
        write(0, 1, 1);
        simulation.runUntilIdle();
        device.faults().misdirectNextWrite(8192);
        write(0, 2, 1);
        simulation.runUntilIdle();
        assertThat(ended).containsExactly(null, null);
        assertThat(device.peek(0, 4096)).containsOnly(0);
        assertThat(device.peek(8192, 4096)).containsOnly(2);
    }

    @Test
    void changedLentBufferIsCaught() {
        start(2);
        Extent lent = extent(0, 1, 1);
        loop.call(() -> device.write(lent, ended::add));
        lent.buffers().getFirst().put(17, (byte) 2);
        assertThatThrownBy(simulation::runUntilIdle).isInstanceOf(BrokenInvariant.class);
    }

    @Test
    void misalignedAndForeignCallsAreCaught() {
        start(2);
        assertThatThrownBy(() -> loop.call(() -> device.write(extent(512, 1, 1), ended::add)))
                .isInstanceOf(BrokenInvariant.class);
        assertThatThrownBy(() -> device.flush(ended::add)).isInstanceOf(BrokenInvariant.class);
    }

    @Test
    void punchedRangeReadsAsZeros() {
        start(2);
        write(0, 1, 2);
        simulation.runUntilIdle();
        loop.call(() -> device.punch(4096, 4096, ended::add));
        simulation.runUntilIdle();
        assertThat(device.peek(0, 4096)).containsOnly(1);
        assertThat(device.peek(4096, 4096)).containsOnly(0);
    }

    @Test
    void corruptFlipsOneBit() {
        start(2);
        device.corrupt(100);
        assertThat(Integer.bitCount(device.peek(100, 1)[0] & 0xFF)).isEqualTo(1);
    }
}
