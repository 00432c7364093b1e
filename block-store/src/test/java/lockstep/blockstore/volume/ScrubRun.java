package lockstep.blockstore.volume;

import lockstep.blockstore.block.BlockPointer;
import lockstep.blockstore.block.RaidSpace;
import lockstep.blockstore.raid.ScrubFinding;

import org.jspecify.annotations.NullUnmarked;

import java.util.ArrayList;
import java.util.List;

/// One pass of the scrub of a [VolumeWorld], and all that it told.
@NullUnmarked
final class ScrubRun implements VolumeScrub.Listener {
    static final ScrubSettings SETTINGS = new ScrubSettings(1L << 40, 7L * 24 * 3600 * 1000);

    final List<ScrubFinding> findings = new ArrayList<>();
    final List<String> misdirected = new ArrayList<>();
    final List<String> lost = new ArrayList<>();
    final VolumeScrub scrub;
    ScrubState ended;

    ScrubRun(VolumeWorld world, RaidSpace space, ScrubSettings settings) {
        scrub = new VolumeScrub(() -> world.copy, () -> true, space, settings, this);
    }

    /// Runs a whole pass.
    static ScrubRun pass(VolumeWorld world) {
        return pass(world, world.space);
    }

    /// Runs a whole pass with what `space` has in memory.
    static ScrubRun pass(VolumeWorld world, RaidSpace space) {
        ScrubRun run = new ScrubRun(world, space, SETTINGS);
        world.loop.call(
                () -> {
                    run.scrub.open();
                    run.scrub.start();
                });
        world.await(() -> run.ended != null);
        run.close(world);
        return run;
    }

    void close(VolumeWorld world) {
        boolean[] quiet = new boolean[1];
        world.loop.call(() -> scrub.close(() -> quiet[0] = true));
        world.await(() -> quiet[0]);
    }

    long count(ScrubFinding.Kind kind) {
        return findings.stream().filter(finding -> finding.kind() == kind).count();
    }

    @Override
    public void found(ScrubFinding finding) {
        findings.add(finding);
    }

    @Override
    public void misdirected(long meant, long landed) {
        misdirected.add(meant + " at " + landed);
    }

    @Override
    public void lost(int tree, int level, long index, BlockPointer pointer) {
        lost.add("tree " + tree + " level " + level + " index " + index);
    }

    @Override
    public void ended(ScrubState state) {
        ended = state;
    }
}
