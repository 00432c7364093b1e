package lockstep.replication.pair;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.volume.ScrubSettings;
import lockstep.blockstore.volume.ScrubState;
import lockstep.blockstore.volume.VolumeScrub;

import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayList;
import java.util.List;

/// One pass of the scrub of a node's copy, and all that it told.
@NullUnmarked
final class HealScrub implements VolumeScrub.Listener {
    private static final ScrubSettings SETTINGS = new ScrubSettings(1L << 40, 1L << 50);

    final List<ScrubFinding> findings = new ArrayList<>();
    final List<String> lost = new ArrayList<>();
    ScrubState state;

    static HealScrub pass(PairSimulation pair, SimNode node) {
        HealScrub pass = new HealScrub();
        RaidSpace space = (RaidSpace) node.replica.copy().space();
        VolumeScrub scrub =
                new VolumeScrub(() -> node.replica.copy(), () -> true, space, SETTINGS, pass);
        node.loop.call(scrub::start);
        pair.await(() -> pass.state != null, "the pass ends");
        boolean[] quiet = new boolean[1];
        node.loop.call(() -> scrub.close(() -> quiet[0] = true));
        pair.await(() -> quiet[0], "the scrub ends");
        return pass;
    }

    List<String> fromPartner() {
        return findings.stream()
                .filter(finding -> finding.kind() == ScrubFinding.Kind.FROM_PARTNER)
                .map(ScrubFinding::detail)
                .toList();
    }

    @Override
    public void found(ScrubFinding finding) {
        findings.add(finding);
    }

    @Override
    public void misdirected(long meant, long landed) {}

    @Override
    public void lost(int tree, int level, long index, BlockPointer pointer) {
        lost.add(VolumeScrub.placeIn(tree, level, index));
    }

    @Override
    public void ended(ScrubState ended) {
        state = ended;
    }
}
