package lockstep.replication.pair;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.raid.ScrubFinding;
import lockstep.blockstore.volume.ScrubSettings;
import lockstep.blockstore.volume.ScrubState;
import lockstep.blockstore.volume.VolumeScrub;
import lockstep.replication.role.RoleState;

/// Scrubs one incarnation of a node, pass after pass, beside everything that happens to the pair.
/// Its disks tear and lose what is not flushed, and rot nothing: whatever it finds but torn records
/// and pages is an error of the scrub or of somebody else.
final class PairScrub implements VolumeScrub.Listener {
    private static final ScrubSettings SETTINGS = new ScrubSettings(1L << 28, 1L << 50);

    private final SimNode node;
    private final VolumeScrub scrub;

    PairScrub(SimNode node, RaidSpace space) {
        this.node = node;
        this.scrub =
                new VolumeScrub(() -> node.replica.copy(), this::isReady, space, SETTINGS, this);
    }

    void begin() {
        scrub.start();
    }

    private boolean isReady() {
        RoleState state = node.replica.status().state();
        return state != RoleState.OPENING && state != RoleState.TAKING_OVER;
    }

    @Override
    public void found(ScrubFinding finding) {
        boolean torn =
                finding.kind() == ScrubFinding.Kind.CHECKSUM_PAGE
                        || finding.kind() == ScrubFinding.Kind.RECORD;
        node.check(torn, "nothing has rotted: " + finding);
    }

    @Override
    public void misdirected(long meant, long landed) {
        node.check(false, "nothing was misdirected");
    }

    @Override
    public void lost(int tree, int level, long index, BlockPointer pointer) {
        node.check(false, "nothing is lost: " + pointer);
    }

    @Override
    public void ended(ScrubState state) {
        node.scrubPasses++;
        node.loop.execute(scrub::start);
    }
}
