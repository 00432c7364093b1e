package lockstep.replication.source;

import static org.assertj.core.api.Assertions.assertThat;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.base.Epoch;
import lockstep.blockstore.base.VolumeId;
import lockstep.blockstore.sim.Simulation;
import lockstep.replication.link.PeerLink;
import lockstep.replication.wire.BlockRun;
import lockstep.replication.wire.NodeIdentity;
import lockstep.replication.wire.ProtocolVersion;
import lockstep.replication.wire.ReferenceRun;
import lockstep.replication.wire.VolumeMessage;

import org.junit.jupiter.api.Test;

import java.nio.ByteBuffer;

/// How a source paces the blocks of a consistency point.
class MirrorSenderTest {
    private static final Epoch EPOCH = new Epoch(1, 1);
    private static final CpId CP = new CpId(EPOCH, 2);

    private final CountingLink link = new CountingLink();
    private final MirrorSender sender =
            new MirrorSender(
                    new VolumeId(1, 1),
                    EPOCH,
                    new Simulation(1).newLoop("core"),
                    link,
                    true,
                    (_, _) -> {});
    private boolean told;

    /// Counts blocks that left.
    private static final class CountingLink implements PeerLink {
        private long blocks;

        @Override
        public NodeIdentity peer() {
            throw new AssertionError("nobody asks who it is");
        }

        @Override
        public ProtocolVersion version() {
            return ProtocolVersion.newest();
        }

        @Override
        public void send(VolumeId volume, VolumeMessage borrowed) {
            if (borrowed instanceof VolumeMessage.CpReferences references) {
                blocks += references.runs().stream().mapToLong(ReferenceRun::blocks).sum();
            } else if (borrowed instanceof VolumeMessage.CpData data) {
                for (BlockRun run : data.runs()) {
                    blocks += run.contents().remaining() / Blocks.SIZE;
                }
            }
        }

        @Override
        public long queuedBytes() {
            return 0;
        }

        @Override
        public boolean writable() {
            return true;
        }

        @Override
        public void close(String reason) {}

        @Override
        public void whenAnswered(Runnable answered) {}

        @Override
        public long leaseUntilNanos() {
            return Long.MAX_VALUE;
        }
    }

    /// The mirror writes what it has and says so; what it does not have it cannot write.
    private void waitsOnlyForWhatLeft(Runnable nextBlock) {
        sender.cpBegin(CP, 1);
        long sent = 0;
        while (sender.ready(() -> told = true)) {
            nextBlock.run();
            sent++;
        }
        assertThat(sent).isGreaterThan(4096);
        assertThat(link.blocks).isEqualTo(sent);
        assertThat(told).isFalse();
        sender.progress(CP, sent);
        assertThat(told).isTrue();
    }

    @Test
    void aLongRunOfReferencesHasLeftWhenTheMirrorIsWaitedFor() {
        long[] block = {0};
        waitsOnlyForWhatLeft(
                () -> {
                    sender.cpReference(100 + block[0], 0, 7, (int) (block[0] * Blocks.SIZE));
                    block[0]++;
                });
    }

    @Test
    void blocksByContentHaveLeftWhenTheMirrorIsWaitedFor() {
        ByteBuffer content = ByteBuffer.allocate(Blocks.SIZE);
        long[] vbn = {100};
        waitsOnlyForWhatLeft(() -> sender.cpData(vbn[0]++, 0, content));
    }
}
