package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.base.SetHash;
import lockstep.blockstore.volume.CopyState.Sync;
import lockstep.replication.role.Comparison;
import lockstep.replication.role.Refusal;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.ReferenceRun;
import lockstep.replication.wire.VolumeMessage;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.DisplayName;
import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Canaries for the proof of equality: a mirror that is given other blocks than the source wrote,
/// behind every checksum of link and disks, finds it within that consistency point.
@DisplayName("Proof of equality")
final class DigestTest {
    private static final VolumeMessage NOTHING = new VolumeMessage.CpProgress(CpId.NONE, 0);

    private final PairSimulation pair = new PairSimulation(5);
    private final SimNode source = pair.a;
    private final SimNode mirror = pair.b;
    private final PairCopies both = new PairCopies(pair);
    private boolean tampered;
    private boolean forgets;
    private @Nullable Map<Long, Integer> forgotten;

    DigestTest() {
        PairSetUp.run(pair);
        pair.workFor(30_000_000L);
    }

    /// One byte of one block.
    private VolumeMessage flip(VolumeMessage message) {
        if (tampered || !(message instanceof VolumeMessage.CpData data)) {
            return message;
        }
        tampered = true;
        List<BlockRun> runs = new ArrayList<>(data.runs());
        BlockRun first = runs.getFirst();
        ByteBuffer bytes = ByteBuffer.allocate(first.contents().remaining());
        bytes.put(first.contents().duplicate()).flip();
        bytes.put(100, (byte) (bytes.get(100) ^ 1));
        runs.set(0, new BlockRun(first.vbn(), bytes));
        return new VolumeMessage.CpData(data.cp(), runs);
    }

    /// One run of blocks is left out.
    private VolumeMessage leaveOut(VolumeMessage message) {
        if (tampered || !(message instanceof VolumeMessage.CpData data) || data.runs().size() < 2) {
            return message;
        }
        tampered = true;
        return new VolumeMessage.CpData(data.cp(), data.runs().subList(1, data.runs().size()));
    }

    /// The first blocks of two runs change places: a source that computed references wrongly.
    private VolumeMessage exchange(VolumeMessage message) {
        if (tampered || !(message instanceof VolumeMessage.CpReferences references)) {
            return message;
        }
        List<ReferenceRun> runs = new ArrayList<>(references.runs());
        ReferenceRun one = runs.removeFirst();
        for (ReferenceRun other : List.copyOf(runs)) {
            if (other.sequence() != one.sequence()) {
                tampered = true;
                runs.remove(other);
                replace(one, other, runs);
                replace(other, one, runs);
                return new VolumeMessage.CpReferences(references.cp(), runs);
            }
        }
        return message;
    }

    private static void replace(ReferenceRun run, ReferenceRun by, List<ReferenceRun> into) {
        into.add(new ReferenceRun(run.vbn(), 1, by.sequence(), by.offset()));
        if (run.blocks() > 1) {
            int rest = run.offset() + Blocks.SIZE;
            into.add(new ReferenceRun(run.vbn() + 1, run.blocks() - 1, run.sequence(), rest));
        }
    }

    private void awaitAlarm() {
        for (int i = 0; i < 2000 && mirror.replica.status().differences() == 0; i++) {
            pair.workFor(1_000_000L);
        }
        assertThat(tampered).isTrue();
        assertThat(mirror.replica.status().differences()).isEqualTo(1);
        assertThat(mirror.events).anyMatch(e -> e.startsWith("ALARM: "));
    }

    private void assertHealed() {
        pair.workFor(30_000_000L);
        pair.awaitInSync();
        pair.verifyAll();
        assertThat(source.events).anyMatch(e -> e.contains("its blocks differ"));
        pair.await(
                () ->
                        mirror.replica.status().equalAt().count() > 0
                                && source.replica
                                        .status()
                                        .equalAt()
                                        .equals(mirror.replica.status().equalAt()),
                "both say at which image they are equal");
    }

    @Test
    void aWrongByteIsFound() {
        mirror.tamper = this::flip;
        awaitAlarm();
        assertHealed();
    }

    @Test
    void aMissingBlockIsFound() {
        mirror.tamper = this::leaveOut;
        awaitAlarm();
        assertHealed();
    }

    @Test
    void aWrongReferenceIsFound() {
        mirror.tamper = this::exchange;
        awaitAlarm();
        assertHealed();
    }

    @Test
    void s5AMirrorThatDiffersIsNotTakenOver() {
        mirror.tamper = this::flip;
        awaitAlarm();
        pair.crash(source, true);
        pair.abandonOutstanding();
        pair.await(() -> sync() == Sync.OUT_OF_SYNC, "that it differs becomes durable");
        pair.simulation.runFor(10_000_000L);
        Refusal refusal = mirror.takeOver(true);
        assertThat(refusal.what()).contains("out of sync");
        source.start();
        pair.awaitInSync();
        pair.verifyAll();
    }

    @Test
    void allThatBothHoldIsEqualUnderLoad() {
        for (int i = 0; i < 3; i++) {
            Comparison found = both.verify(true);
            assertThat(found.differing()).isEmpty();
            assertThat(found.blocks()).isGreaterThan(PairSimulation.LUN_BLOCKS / 2);
        }
        assertHealthy();
    }

    private void assertHealthy() {
        pair.awaitInSync();
        pair.verifyAll();
        assertThat(mirror.events).noneMatch(e -> e.contains("ALARM"));
    }

    /// Everything of a resync but one run of blocks, and the sum of what is left: a source that
    /// does not find all that is new.
    private VolumeMessage forget(VolumeMessage message) {
        return switch (message) {
            case VolumeMessage.ResyncBegin begin -> {
                forgets = begin.since().count() > 0;
                yield message;
            }
            case VolumeMessage.GoLive _ -> {
                forgets = false;
                yield message;
            }
            case VolumeMessage.CpBegin _ -> {
                forgotten = null;
                yield message;
            }
            case VolumeMessage.CpData data
                    when forgets && forgotten == null && data.runs().size() > 1 -> {
                forgotten = crcsOf(data.runs().getFirst());
                yield new VolumeMessage.CpData(
                        data.cp(), data.runs().subList(1, data.runs().size()));
            }
            case VolumeMessage.CpDigest digest when forgotten != null -> {
                tampered = true;
                yield new VolumeMessage.CpDigest(digest.cp(), without(forgotten, digest.blocks()));
            }
            default -> message;
        };
    }

    private static Map<Long, Integer> crcsOf(BlockRun run) {
        Map<Long, Integer> crcs = new HashMap<>();
        for (int i = 0; i < run.blocks(); i++) {
            int at = run.contents().position() + i * Blocks.SIZE;
            crcs.put(run.vbn() + i, Crc32c.of(run.contents(), at, Blocks.SIZE));
        }
        return crcs;
    }

    private static SetHash.Value without(Map<Long, Integer> blocks, SetHash.Value sum) {
        SetHash rest = new SetHash();
        rest.add(sum);
        blocks.forEach(rest::remove);
        return rest.value();
    }

    @Test
    void whatASourceForgetsIsFoundAndThenEverythingIsSent() {
        pair.network.cutBoth("a", "b");
        pair.goAlone(source);
        pair.workFor(100_000_000L);
        mirror.tamper = this::forget;
        pair.network.heal();
        pair.await(
                () -> mirror.events.stream().filter(e -> e.contains("it is not whole")).count() > 1,
                "it is refused twice");
        assertThat(tampered).isTrue();
        assertThat(sync()).isEqualTo(Sync.OUT_OF_SYNC);
        assertThat(mirror.takeOver(true).what()).contains("out of sync");
        pair.awaitInSync();
        pair.verifyAll();
        assertThat(source.events).contains("resync: there is no common image, sending everything");
        assertThat(both.verify(false).differing()).isEmpty();
    }

    /// The mirror's own layers believe the block: only what the source holds tells.
    @Test
    void s5ABlockThatIsOtherAtTheMirrorIsFoundAndNotTakenOver() {
        pair.await(() -> pair.outstanding() == 0, "nothing changes any more");
        long vbn = both.blockOfALun();
        pair.checksImages = false;
        both.overwrite(vbn);
        Comparison found = both.verify(false);
        assertThat(found.differing()).containsExactly(vbn);
        assertThat(source.events).anyMatch(e -> e.startsWith("ALARM: verify"));
        pair.await(() -> sync() == Sync.OUT_OF_SYNC, "the mirror records it");
        assertThat(mirror.takeOver(true).what()).contains("out of sync");
        assertStaysHere("found to differ");
        assertThat(source.replica.status().equalAt()).isEqualTo(CpId.NONE);
        pair.network.breakConnections("a", "b");
        pair.await(() -> sync() == Sync.IN_SYNC, "everything is copied");
        pair.awaitInSync();
        assertThat(both.verify(true).differing()).isEmpty();
        assertThat(source.replica.status().differences()).isZero();
        assertThat(both.switchOver()).isNull();
    }

    private void assertStaysHere(String why) {
        assertThat(both.switchOver().what()).contains(why);
        assertThat(pair.source()).isEqualTo(source);
        assertThat(source.replica.active().isServing() || source.link == null).isTrue();
    }

    @Test
    void nothingMovesToAMirrorThatHasRefusedAConsistencyPoint() {
        mirror.tamper = this::flip;
        for (int i = 0; i < 2000 && !hasRefused(); i++) {
            pair.workFor(1_000_000L);
        }
        assertStaysHere("has refused a consistency point: its blocks differ");
        assertHealed();
        assertThat(both.switchOver()).isNull();
    }

    private boolean hasRefused() {
        return source.events.stream().anyMatch(e -> e.contains("its blocks differ"));
    }

    /// The answer that says so comes when the switchover has begun.
    @Test
    void nothingMovesToAMirrorThatIsFoundToDifferMeanwhile() {
        pair.await(() -> pair.outstanding() == 0, "nothing changes any more");
        long vbn = both.blockOfALun();
        pair.checksImages = false;
        both.overwrite(vbn);
        List<VolumeMessage> answer = new ArrayList<>();
        source.tamper =
                message -> {
                    if (message instanceof VolumeMessage.ImageVerified) {
                        answer.add(message);
                        return NOTHING;
                    }
                    return message;
                };
        List<Comparison> found = new ArrayList<>();
        source.loop.call(() -> source.replica.verify((_, result) -> found.add(result)));
        pair.await(() -> !answer.isEmpty(), "the mirror has answered");
        pair.simulation.runFor(100_000_000L);
        List<Refusal> ended = new ArrayList<>();
        source.loop.call(
                () -> {
                    source.replica.switchOver((refusal, _) -> ended.add(refusal));
                    source.replica.received(answer.getFirst());
                });
        pair.await(() -> !ended.isEmpty(), "the switchover ends");
        assertThat(found.getFirst().differing()).containsExactly(vbn);
        assertThat(ended.getFirst().what()).contains("broken off").contains("found to differ");
        assertThat(pair.source()).isEqualTo(source);
        assertThat(source.replica.active().isServing()).isTrue();
    }

    /// A comparison whose answer never comes.
    private List<Refusal> beginEndless() {
        boolean[] answered = new boolean[1];
        source.tamper =
                message -> {
                    boolean verified = message instanceof VolumeMessage.ImageVerified;
                    answered[0] |= verified;
                    return verified ? NOTHING : message;
                };
        List<Refusal> ended = new ArrayList<>();
        source.loop.call(() -> source.replica.verify((refusal, _) -> ended.add(refusal)));
        pair.await(() -> answered[0], "the mirror has answered");
        assertThat(ended).isEmpty();
        return ended;
    }

    @Test
    void aComparisonEndsWhenTheVolumeMoves() {
        List<Refusal> ended = beginEndless();
        assertThat(both.switchOver()).isNull();
        assertThat(ended.getFirst().what()).contains("nothing was compared");
        pair.workFor(20_000_000L);
        assertHealthy();
    }

    @Test
    void aComparisonEndsWhenTheVolumeStops() {
        List<Refusal> ended = beginEndless();
        source.loop.call(() -> source.replica.stop("its disks are lost"));
        assertThat(ended.getFirst().what()).contains("its disks are lost");
    }

    /// What the partner said as a mirror may still be on its way when it is the source.
    @Test
    void whatAMirrorSaidDoesNoHarmToOne() {
        assertThat(both.switchOver()).isNull();
        source.loop.call(
                () -> {
                    CpId cp = source.replica.status().image();
                    source.replica.received(new VolumeMessage.ImageVerified(cp, 0, -1, List.of()));
                    source.replica.received(new VolumeMessage.LogQuota(1));
                    source.replica.received(new VolumeMessage.OlderImages(List.of(cp)));
                });
        pair.workFor(20_000_000L);
        assertHealthy();
    }

    @Test
    void everythingIsCopiedAnewThoughTheSourceRestarts() {
        pair.await(() -> pair.outstanding() == 0, "nothing changes any more");
        long vbn = both.blockOfALun();
        pair.checksImages = false;
        both.overwrite(vbn);
        assertThat(both.verify(false).differing()).containsExactly(vbn);
        pair.await(() -> sync() == Sync.OUT_OF_SYNC, "the mirror records it");
        pair.crash(source, true);
        source.start();
        pair.awaitInSync();
        assertThat(both.verify(false).differing()).isEmpty();
        assertThat(source.replica.copy().state().mirrorDiffers()).isFalse();
    }

    private Sync sync() {
        return mirror.replica.copy().state().sync();
    }
}
