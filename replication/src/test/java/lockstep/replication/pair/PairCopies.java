package lockstep.replication.pair;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Crc32c;
import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.BlockSpace;
import lockstep.blockstore.volume.ImageWalk;
import lockstep.replication.role.Comparison;
import lockstep.replication.role.Refusal;

import org.jspecify.annotations.NullUnmarked;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/// What tests do to the two copies of a pair whose source is `a`: makes the mirror another one
/// behind every checksum, compares the copies, moves the volume.
@NullUnmarked
final class PairCopies {
    private final PairSimulation pair;

    PairCopies(PairSimulation pair) {
        this.pair = pair;
    }

    Comparison verify(boolean underLoad) {
        List<Comparison> found = new ArrayList<>();
        pair.a.loop.call(
                () ->
                        pair.a.replica.verify(
                                (refusal, result) -> {
                                    assertThat(refusal).isNull();
                                    found.add(result);
                                }));
        for (int i = 0; i < 20_000 && found.isEmpty(); i++) {
            if (underLoad) {
                pair.workFor(1_000_000L);
            } else {
                pair.simulation.runFor(1_000_000L);
            }
        }
        assertThat(found).hasSize(1);
        return found.getFirst();
    }

    Refusal switchOver() {
        List<Refusal> ended = new ArrayList<>();
        pair.a.loop.call(() -> pair.a.replica.switchOver((refusal, _) -> ended.add(refusal)));
        pair.await(() -> !ended.isEmpty(), "the switchover ends");
        return ended.getFirst();
    }

    /// The first block of a walk is one of a LUN's, which nobody writes now.
    long blockOfALun() {
        boolean[] durable = new boolean[1];
        pair.a.loop.call(() -> pair.a.replica.active().checkpoint(() -> durable[0] = true));
        pair.await(() -> durable[0], "everything is in an image");
        pair.simulation.runFor(100_000_000L);
        List<Long> found = new ArrayList<>();
        pair.a.loop.call(
                () ->
                        pair.a
                                .replica
                                .active()
                                .walk(CpId.NONE)
                                .next(
                                        new ImageWalk.Sink() {
                                            @Override
                                            public void block(
                                                    long vbn, int crc, ByteBuffer borrowed) {
                                                found.add(vbn);
                                            }

                                            @Override
                                            public void change(
                                                    BlockPointer now,
                                                    ByteBuffer borrowed,
                                                    BlockPointer base,
                                                    ByteBuffer borrowedPatch) {
                                                found.add(now.vbn());
                                            }

                                            @Override
                                            public void ended() {}

                                            @Override
                                            public void lost(long vbn) {}
                                        }));
        pair.await(() -> !found.isEmpty(), "there is a block");
        return found.getFirst();
    }

    void overwrite(long vbn) {
        boolean[] done = new boolean[1];
        pair.b.loop.call(
                () -> {
                    BlockSpace.Writer writer =
                            pair.b.replica.copy().space().begin(pair.b.replica.copy().root().cp());
                    ByteBuffer other = ByteBuffer.allocateDirect(Blocks.SIZE);
                    writer.put(vbn, other, Crc32c.of(other, 0, Blocks.SIZE));
                    writer.writeOut(
                            _ ->
                                    writer.flush(
                                            _ -> {
                                                writer.committed();
                                                done[0] = true;
                                            }));
                });
        pair.await(() -> done[0], "the block is overwritten");
    }
}
