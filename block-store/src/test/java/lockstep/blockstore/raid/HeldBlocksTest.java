package lockstep.blockstore.raid;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.sim.SimDevice;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// D1, D2, D11: two blocks of a stripe are wrong, and one of them comes from another copy.
@NullUnmarked
final class HeldBlocksTest {
    private static final long VBN = 20;

    private final RaidWorld world = new RaidWorld(4, 200, 4);
    private final byte[] content;

    HeldBlocksTest() {
        world.recover();
        write(VBN);
        content = world.committed.get(VBN);
    }

    /// A consistency point that writes a stripe's blocks at the DBN of `vbn`.
    private void write(long vbn) {
        CpWriter writer = world.begin();
        long dbns = world.space.geometry().groups().getFirst().dbnCount();
        for (long each = vbn; each < 3 * dbns; each += dbns) {
            world.committed.remove(each);
            world.put(writer, each);
        }
        world.succeed(writer::writeOut);
        world.succeed(writer::flush);
        world.committedCp = writer.cp();
        world.loop.call(writer::end);
        world.committed.putAll(world.pending);
        world.pending.clear();
    }

    private SimDevice device(int slot) {
        return world.devices.get(slot);
    }

    private long offset() {
        return Blocks.toBytes(world.disks.groups().getFirst().layout().dataStart() + VBN);
    }

    private void spoil(int... slots) {
        for (int slot : slots) {
            device(slot).overwriteWithNoise(offset(), Blocks.SIZE);
        }
    }

    private byte[] onDisk() {
        return device(slot()).borrowBlock(offset());
    }

    private int slot() {
        return world.space.geometry().slotOf(VBN);
    }

    private int parity() {
        return world.space.geometry().groups().getFirst().paritySlot();
    }

    private Restored restore(byte[] with) {
        List<Restored> ended = new ArrayList<>();
        ByteBuffer lent = ByteBuffer.wrap(with);
        int crc = RaidWorld.crc(with);
        world.loop.call(() -> world.space.held().restore(VBN, crc, lent, ended::add));
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        return ended.getFirst();
    }

    private byte[] held(long vbn, int crc, long birthCount) {
        List<Read> ended = new ArrayList<>();
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        world.loop.call(() -> world.space.held().read(vbn, crc, 1, birthCount, into, ended::add));
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        return ended.getFirst() instanceof Read.Ok ? into.array() : null;
    }

    @Test
    void whatIsLostComesBackAndItsStripeIsWholeAgain() {
        spoil(slot(), parity());
        assertThat(restore(content)).isEqualTo(Restored.HEALED);
        assertThat(onDisk()).isEqualTo(content);
        assertThat(restore(content)).isEqualTo(Restored.GOOD);
        world.checkContent();
    }

    @Test
    void aNeighbourIsWorkedOutOnceTheOtherIsBack() {
        spoil(0, 1);
        assertThat(restore(content)).isEqualTo(Restored.HEALED);
        world.checkContent();
        assertThat(world.heard.lost).isZero();
    }

    @Test
    void whatWasWrittenAnewIsLeftAlone() {
        write(VBN);
        byte[] now = world.committed.get(VBN);
        assertThat(restore(content)).isEqualTo(Restored.OTHER);
        assertThat(onDisk()).isEqualTo(now);
        // Also where that is lost too.
        spoil(slot(), parity());
        byte[] noise = onDisk().clone();
        assertThat(restore(content)).isEqualTo(Restored.OTHER);
        assertThat(onDisk()).isEqualTo(noise);
    }

    @Test
    void whatWasNeverWrittenHereIsLeftAlone() {
        List<Restored> ended = new ArrayList<>();
        byte[] other = new byte[Blocks.SIZE];
        Arrays.fill(other, (byte) 3);
        world.loop.call(
                () ->
                        world.space
                                .held()
                                .restore(
                                        VBN + 1,
                                        RaidWorld.crc(other),
                                        ByteBuffer.wrap(other),
                                        ended::add));
        assertThat(world.simulation.runUntil(() -> !ended.isEmpty())).isTrue();
        assertThat(ended).containsExactly(Restored.OTHER);
        assertThat(device(slot()).borrowBlock(offset() + Blocks.SIZE)).isNotEqualTo(other);
    }

    @Test
    void whatIsHereIsGivenAndHealedOnTheWay() {
        long born = world.committedCp.count();
        assertThat(held(VBN, RaidWorld.crc(content), born)).isEqualTo(content);
        spoil(slot());
        assertThat(held(VBN, RaidWorld.crc(content), born)).isEqualTo(content);
        assertThat(onDisk()).isEqualTo(content);
        assertThat(world.heard.healed).isEqualTo(1);
        spoil(slot(), parity());
        assertThat(held(VBN, RaidWorld.crc(content), born)).isNull();
    }

    @Test
    void whoAsksForAnotherBlockGetsNothingAndBlamesNobody() {
        long born = world.committedCp.count();
        int crc = RaidWorld.crc(content);
        assertThat(held(VBN, crc + 1, born)).isNull();
        assertThat(held(VBN, crc, born + 1)).isNull();
        assertThat(held(VBN + 1, crc, born)).isNull();
        assertThat(held(0, crc, born)).isNull();
        assertThat(held(world.space.size(), crc, born)).isNull();
        assertThat(world.heard.bad).isZero();
        assertThat(world.heard.lost).isZero();
    }

    @Test
    void aBlockOfADiskThatIsAwayIsNotWritten() {
        world.loop.call(() -> world.disks.groups().getFirst().fail(slot(), "gone"));
        world.simulation.runFor(1_000_000_000L);
        spoil(1 - slot());
        assertThat(restore(content)).isEqualTo(Restored.AWAY);
    }
}
