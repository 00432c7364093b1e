package lockstep.blockstore.volume;

import lockstep.blockstore.base.Blocks;
import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.ImageLoader;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.io.Clock;
import lockstep.blockstore.log.LogEntry;

import java.nio.ByteBuffer;
import java.util.List;

/// Does what a takeover does to serve, in memory of its own, and keeps the time: loads the image of
/// a mirror, replays the log behind it into an overlay, reads the first block of every LUN. Nothing
/// is written, and the mirror goes on; only its next commit may wait a little ([ImageHold]).
///
/// A takeover replays at a stretch; here the loop does other work in between, which is not counted.
public final class TakeoverRehearsal {
    /// What it took: `imageNanos` until the image was loaded, `replayNanos` for `entries` entries,
    /// which change `blocks` blocks, `firstReadNanos` for the first block of the first LUN,
    /// `allReadNanos` for that of all `luns` LUNs.
    public record Result(
            CpId image,
            long entries,
            long blocks,
            int luns,
            long imageNanos,
            long replayNanos,
            long firstReadNanos,
            long allReadNanos) {}

    /// Takes the end.
    public interface Handler {
        /// It was done.
        void ended(Result result);

        /// It was not: why.
        void refused(String why);
    }

    /// An entry to be replayed, and its half.
    record Entry(long half, LogEntry entry) {}

    /// The source's next consistency point may wait so long for this, and no longer.
    private static final long HOLD_NANOS = 10_000_000_000L;

    private static final long SLICE_NANOS = 1_000_000;
    private static final int SLICE_ENTRIES = 256;

    private final VolumeCopy copy;
    private final VolumeRoot root;
    private final VolumeCopy own;
    private final List<Entry> entries;
    private final Runnable letGo;
    private final Handler handler;
    private final Clock clock;
    private final Clock.Timer patience;
    private int replayed;
    private long stageBegan;
    private long imageNanos;
    private long replayNanos;
    private long firstReadNanos;

    /// Of `copy`, which is a mirror's, with the `entries` behind its image; `hold` is taken until
    /// the end.
    TakeoverRehearsal(VolumeCopy copy, List<Entry> entries, ImageHold hold, Handler handler) {
        this.copy = copy;
        this.root = copy.root();
        this.own = copy.reopened();
        this.entries = entries;
        this.letGo = hold.take();
        this.handler = handler;
        this.clock = copy.loop().clock();
        this.patience = clock.schedule(HOLD_NANOS, letGo);
        this.stageBegan = clock.nanoTime();
    }

    void run() {
        ImageLoader.load(
                root,
                own.reader(),
                own.pool(),
                new ImageLoader.Handler() {
                    @Override
                    public void loaded(StateFile state, SpaceMap map, DeadList dead) {
                        imageNanos = stageEnded();
                        replay(new VolumeCore(own, state, map, dead));
                    }

                    @Override
                    public void lost(String what) {
                        refuse(lostText(what));
                    }
                });
    }

    private long stageEnded() {
        long now = clock.nanoTime();
        long took = now - stageBegan;
        stageBegan = now;
        return took;
    }

    private void replay(VolumeCore core) {
        long sliceBegan = clock.nanoTime();
        String broken = null;
        int left = SLICE_ENTRIES;
        while (replayed < entries.size() && broken == null && left-- > 0) {
            Entry next = entries.get(replayed++);
            broken = VolumeOpening.replayEntry(core, next.half, next.entry);
            if (clock.nanoTime() - sliceBegan > SLICE_NANOS) {
                break;
            }
        }
        replayNanos += clock.nanoTime() - sliceBegan;
        if (broken != null) {
            refuse(broken);
        } else if (replayed < entries.size()) {
            copy.loop().execute(() -> replay(core));
        } else {
            stageEnded();
            read(core, core.luns.list(), 0);
        }
    }

    private void read(VolumeCore core, List<LunState> luns, int next) {
        if (next == 1) {
            firstReadNanos = clock.nanoTime() - stageBegan;
        }
        if (next == luns.size()) {
            end(core, next);
            return;
        }
        ByteBuffer into = ByteBuffer.allocate(Blocks.SIZE);
        ReadOperation.ofLun(
                        core,
                        luns.get(next),
                        0,
                        into,
                        (outcome, _) -> {
                            if (outcome.isDone()) {
                                copy.loop().execute(() -> read(core, luns, next + 1));
                            } else {
                                int number = luns.get(next).record().number();
                                refuse(lostText("the first block of LUN " + number));
                            }
                        })
                .run();
    }

    private void end(VolumeCore core, int luns) {
        long allNanos = stageEnded();
        done();
        handler.ended(
                new Result(
                        root.cp(),
                        entries.size(),
                        core.filling.blocks() + (core.frozen == null ? 0 : core.frozen.blocks()),
                        luns,
                        imageNanos,
                        replayNanos,
                        firstReadNanos,
                        allNanos));
    }

    private String lostText(String what) {
        return copy.root().cp().equals(root.cp())
                ? "cannot read " + what + " from any disk"
                : "it took so long that the mirror has gone on to another image";
    }

    private void refuse(String why) {
        done();
        handler.refused(why);
    }

    private void done() {
        patience.cancel();
        letGo.run();
    }
}
