package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.Outcome;
import lockstep.blockstore.base.Restored;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockRescue;
import lockstep.blockstore.volume.ImageWalk;
import lockstep.replication.role.RoleState;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;

/// D1, D2, beyond what parity can do: two blocks of a stripe are wrong at one side of a pair, and
/// what the other side has is the way back. Every block is damaged that a pointer leads to: data,
/// nodes, state, maps and dead lists.
@NullUnmarked
final class HealTest {
    /// The answer to what nobody has asked: either side leaves it alone.
    private static final VolumeMessage NOTHING =
            new VolumeMessage.BlockHeld(Long.MAX_VALUE, ByteBuffer.allocate(0));

    private static final int ASKED = 8;

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;

    /// All blocks of the image that both have.
    private final TreeMap<Long, BlockPointer> image = new TreeMap<>();

    private final TreeMap<Long, byte[]> contents = new TreeMap<>();
    private final TreeMap<Long, byte[]> noise = new TreeMap<>();
    private boolean walked;
    private int swallowed;

    HealTest() {
        PairSetUp.run(pair);
        pair.workFor(60_000_000L);
        settle();
    }

    /// Nothing is under way, and both have one image.
    private void rest() {
        pair.await(() -> pair.outstanding() == 0, "nothing changes any more");
        boolean[] durable = new boolean[1];
        source.loop.call(() -> source.replica.active().checkpoint(() -> durable[0] = true));
        pair.await(() -> durable[0], "everything is in an image");
        pair.simulation.runFor(200_000_000L);
        assertThat(mirror.replica.copy().root().cp()).isEqualTo(source.replica.copy().root().cp());
    }

    /// So it is, and all blocks of the image are known.
    private void settle() {
        rest();
        image.clear();
        contents.clear();
        walked = false;
        source.loop.call(() -> next(source.replica.active().walk(CpId.NONE)));
        pair.await(() -> walked, "all blocks are known");
        for (long vbn : image.keySet()) {
            contents.put(vbn, source.direct().blockAt(vbn));
            assertThat(mirror.direct().blockAt(vbn)).isEqualTo(contents.get(vbn));
        }
    }

    private void next(ImageWalk walk) {
        walk.next(
                new ImageWalk.Sink() {
                    @Override
                    public void block(long vbn, int crc, ByteBuffer borrowed) {
                        image.put(vbn, BlockPointer.to(vbn, crc, CpId.NONE));
                        source.loop.execute(() -> HealTest.this.next(walk));
                    }

                    @Override
                    public void change(
                            BlockPointer now,
                            ByteBuffer borrowed,
                            BlockPointer base,
                            ByteBuffer borrowedPatch) {
                        throw new AssertionError("all of an image is no difference");
                    }

                    @Override
                    public void ended() {
                        walked = true;
                    }

                    @Override
                    public void lost(long vbn) {
                        throw new AssertionError("nothing is lost yet");
                    }
                });
    }

    private void spoilAll(SimNode node) {
        DirectSpace disks = node.direct();
        image.keySet().forEach(disks::spoil);
    }

    private void assertWhole(SimNode node) {
        DirectSpace disks = node.direct();
        contents.forEach(
                (vbn, content) ->
                        assertThat(disks.blockAt(vbn)).as("VBN %d", vbn).isEqualTo(content));
    }

    /// A request that `node` sends is swallowed at the other side, or its answer at this one.
    private void swallow(SimNode at, Class<? extends VolumeMessage> kind) {
        at.tamper =
                message -> {
                    boolean swallows = kind.isInstance(message);
                    swallowed += swallows ? 1 : 0;
                    return swallows ? NOTHING : message;
                };
    }

    @Test
    void d2EveryBlockThatAMirrorHasLostComesFromItsSource() {
        healsAll(mirror);
    }

    @Test
    void d2EveryBlockThatASourceHasLostComesFromItsMirror() {
        healsAll(source);
    }

    private void healsAll(SimNode node) {
        spoilAll(node);
        HealScrub pass = HealScrub.pass(pair, node);
        assertThat(pass.lost).isEmpty();
        assertWhole(node);
        long healed = node.replica.copy().rescue().healed();
        assertThat(healed).isPositive().isEqualTo(node.peer.replica.copy().rescue().given());
        assertThat(pass.fromPartner()).hasSize((int) healed);
        assertThat(pass.fromPartner().toString())
                .contains(" of LUN 0 at disk " + node.name, "node 0 of level 0", "system file 256");
        assertThat(pass.state.counts().lost()).isZero();
        assertThat(pass.state.counts().lostVbns()).isEmpty();
        assertThat(HealScrub.pass(pair, node).findings).isEmpty();
        pair.recover();
    }

    @Test
    void whatBothHaveLostStaysLostAndComesBackWithItsOtherCopy() {
        long vbn = image.firstKey();
        long other = image.lastKey();
        byte[] parityToo = mirror.direct().blockAt(vbn);
        source.direct().spoil(vbn);
        mirror.direct().spoil(vbn);
        source.direct().spoil(other);
        HealScrub pass = HealScrub.pass(pair, source);
        assertThat(pass.lost).hasSize(1);
        assertThat(pass.state.counts().lostVbns()).contains(vbn).doesNotContain(other);
        assertThat(source.direct().blockAt(other)).isEqualTo(contents.get(other));
        // The mirror did not ask back, and nobody waits.
        assertThat(mirror.replica.copy().rescue().healed()).isZero();
        mirror.direct().put(vbn, parityToo);
        assertThat(HealScrub.pass(pair, source).lost).isEmpty();
        assertWhole(source);
        assertThat(HealScrub.pass(pair, mirror).lost).isEmpty();
        pair.recover();
    }

    /// Reads of hosts, and what a consistency point reads of trees and maps.
    @Test
    void aSourceThatHasLostMuchServesOn() {
        pair.crash(source, false);
        source.start();
        pair.awaitInSync();
        pair.checksImages = false;
        // Not so many that a disk is given up for them.
        DirectSpace disks = source.direct();
        image.keySet().stream().filter(vbn -> vbn % 4 == 0).forEach(disks::spoil);
        pair.verifyAll();
        pair.workFor(50_000_000L);
        pair.awaitInSync();
        assertThat(source.replica.status().state()).isEqualTo(RoleState.IN_SYNC);
        assertThat(source.events)
                .anyMatch(e -> e.startsWith("made good from the partner: VBN "))
                .anyMatch(e -> e.contains(" of LUN 0 (disk a-disk"));
        rest();
        assertThat(HealScrub.pass(pair, source).lost).isEmpty();
        settle();
    }

    @Test
    void anAnswerThatIsNotTheBlockIsNotTaken() {
        source.tamper =
                message -> {
                    if (message instanceof VolumeMessage.BlockHeld held) {
                        ByteBuffer other = ByteBuffer.allocate(held.content().remaining());
                        return new VolumeMessage.BlockHeld(held.request(), other);
                    }
                    return message;
                };
        long vbn = image.firstKey();
        source.direct().spoil(vbn);
        byte[] noise = source.direct().blockAt(vbn);
        assertThat(HealScrub.pass(pair, source).lost).hasSize(1);
        assertThat(source.replica.copy().rescue().wrong()).isEqualTo(1);
        assertThat(source.direct().blockAt(vbn)).isEqualTo(noise);
        source.tamper = message -> message;
        assertThat(HealScrub.pass(pair, source).lost).isEmpty();
        assertWhole(source);
    }

    @Test
    void aHostWaitsForTheOtherCopyForSomeTimeOnly() {
        pair.crash(source, false);
        source.start();
        pair.awaitInSync();
        pair.checksImages = false;
        spoilAll(source);
        swallow(mirror, VolumeMessage.BlockWanted.class);
        List<Outcome> ended = new ArrayList<>();
        source.loop.call(
                () ->
                        source.replica
                                .active()
                                .luns()
                                .getFirst()
                                .read(0, ByteBuffer.allocate(Blocks.SIZE), ended::add));
        pair.simulation.runFor(1_900_000_000L);
        assertThat(ended).isEmpty();
        pair.simulation.runFor(200_000_000L);
        assertThat(ended).containsExactly(new Outcome.MediumError(0));
    }

    @Test
    void aLinkThatIsLostEndsAllRequestsAndTheNextPassAsksAgain() {
        pair.checksImages = false;
        spoilAll(source);
        swallow(mirror, VolumeMessage.BlockWanted.class);
        List<Restored> ended = new ArrayList<>();
        BlockRescue rescue = source.replica.copy().rescue();
        source.loop.call(
                () ->
                        image.values()
                                .forEach(
                                        pointer ->
                                                rescue.rescue(
                                                        pointer,
                                                        (restored, _) -> ended.add(restored))));
        pair.simulation.runFor(10_000_000L);
        assertThat(swallowed).isEqualTo(8);
        assertThat(ended).isEmpty();
        mirror.tamper = message -> message;
        pair.network.breakConnections("a", "b");
        pair.await(() -> ended.size() == image.size(), "all end at once");
        assertThat(ended).containsOnlyNulls();
        assertThat(pair.simulation.nowNanos()).isLessThan(60_000_000_000L);
        pair.awaitInSync();
        rest();
        assertThat(HealScrub.pass(pair, source).lost).isEmpty();
        settle();
    }

    /// While the answers are on their way, consistency points free blocks and use them again.
    @Test
    void whatHasBeenUsedAgainMeanwhileIsLeftAlone() {
        pair.checksImages = false;
        List<VolumeMessage> answers = keepFirstAnswers();
        TreeMap<Long, Restored> ended = new TreeMap<>();
        List<BlockPointer> asked = soonUsedAgain();
        BlockRescue rescue = source.replica.copy().rescue();
        asked.forEach(pointer -> source.direct().spoil(pointer.vbn()));
        asked.forEach(p -> noise.put(p.vbn(), source.direct().blockAt(p.vbn())));
        for (BlockPointer one : asked) {
            source.loop.call(
                    () -> rescue.rescue(one, (restored, _) -> ended.put(one.vbn(), restored)));
        }
        pair.await(() -> answers.size() == ASKED, "all answers are there");
        for (int i = 0; i < 1500 && usedAgain(asked).isEmpty(); i++) {
            pair.workFor(1_000_000L);
        }
        List<Long> again = usedAgain(asked);
        assertThat(again).isNotEmpty();
        TreeMap<Long, byte[]> now = new TreeMap<>();
        again.forEach(vbn -> now.put(vbn, source.direct().blockAt(vbn)));
        source.loop.call(() -> answers.forEach(source.replica::received));
        pair.await(() -> ended.size() == ASKED, "all are judged");
        assertThat(ended.values()).doesNotContainNull().contains(Restored.OTHER);
        for (long vbn : ended.keySet()) {
            byte[] there = source.direct().blockAt(vbn);
            if (again.contains(vbn)) {
                assertThat(ended.get(vbn)).isEqualTo(Restored.OTHER);
                assertThat(there).isEqualTo(now.get(vbn));
            } else if (ended.get(vbn) != Restored.OTHER) {
                assertThat(there).isEqualTo(contents.get(vbn));
            }
        }
        pair.workFor(20_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
    }

    private List<VolumeMessage> keepFirstAnswers() {
        List<VolumeMessage> answers = new ArrayList<>();
        source.tamper =
                message -> {
                    if (message instanceof VolumeMessage.BlockHeld held && answers.size() < ASKED) {
                        ByteBuffer kept = ByteBuffer.allocate(held.content().remaining());
                        kept.put(held.content()).flip();
                        answers.add(new VolumeMessage.BlockHeld(held.request(), kept));
                        return NOTHING;
                    }
                    return message;
                };
        return answers;
    }

    /// Blocks behind the first that has been used again: their turn comes soon.
    private List<BlockPointer> soonUsedAgain() {
        for (int i = 0; i < 5000 && usedAgain(image.values()).isEmpty(); i++) {
            pair.workFor(1_000_000L);
        }
        List<Long> used = usedAgain(image.values());
        return image.tailMap(used.getFirst()).values().stream()
                .filter(pointer -> !used.contains(pointer.vbn()))
                .limit(ASKED)
                .toList();
    }

    /// Of these, the blocks in whose place something else stands.
    private List<Long> usedAgain(Collection<BlockPointer> asked) {
        DirectSpace disks = source.direct();
        return asked.stream()
                .filter(p -> p.crc() != Crc32c.of(ByteBuffer.wrap(disks.blockAt(p.vbn()))))
                .filter(p -> !Arrays.equals(disks.blockAt(p.vbn()), noise.get(p.vbn())))
                .map(BlockPointer::vbn)
                .toList();
    }

    /// A partner whose copy has another block there is not harmed by being asked.
    @Test
    void whoHasAnotherBlockThereSaysSoAndBlamesNobody() {
        BlockPointer there = image.firstEntry().getValue();
        BlockPointer other = new BlockPointer(there.vbn(), there.crc() + 1, 0, 0);
        BlockPointer later = new BlockPointer(there.vbn(), there.crc(), Integer.MAX_VALUE, 0);
        BlockPointer beyond = new BlockPointer(1L << 40, there.crc(), 0, 0);
        for (BlockPointer wrong : List.of(other, later, beyond)) {
            List<Restored> ended = new ArrayList<>();
            source.loop.call(
                    () ->
                            source.replica
                                    .copy()
                                    .rescue()
                                    .rescue(wrong, (restored, _) -> ended.add(restored)));
            pair.await(() -> !ended.isEmpty(), "it is answered");
            assertThat(ended).containsExactly((Restored) null);
        }
        assertThat(mirror.replica.copy().rescue().given()).isZero();
        assertThat(HealScrub.pass(pair, mirror).findings).isEmpty();
    }
}
