package lockstep.blockstore.volume;

import lockstep.blockstore.base.Position;
import lockstep.blockstore.cp.DeadList;
import lockstep.blockstore.cp.ImageLoader;
import lockstep.blockstore.cp.SpaceMap;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.log.LogStream;
import lockstep.blockstore.log.LogVerdict;

import org.jspecify.annotations.Nullable;

/// Opens a copy as an active volume, after a restart and in a takeover alike: stripes that a crash
/// left half written are made right, the committed image is loaded, the log behind it is replayed
/// into the overlay. Nothing is written to the image: the first consistency point after activation
/// commits what was replayed, so a crash in the middle of this changes nothing and it can be done
/// again (invariant 8). Where an entry changed snapshots, what was replayed up to it is frozen as
/// it was when the entry was made, and committed alone.
public final class VolumeOpening {
    /// Takes the volume, JOINING, or the reason why there is none.
    public interface Handler {
        /// It is open and waits to be activated.
        void opened(ActiveVolume volume);

        /// It cannot be opened; nothing was changed.
        void refused(String reason);
    }

    /// Where the entries come from: the log on disk, or the memory of the mirror that this copy
    /// was.
    public interface Entries {
        /// As [LogStream#replay].
        void replay(long floorHalf, LogStream.EntryHandler handler, LogStream.ReplayEnd end);
    }

    /// Tree levels assumed when the space of replayed entries is promised again.
    private static final int LEVELS = 4;

    private final VolumeCopy copy;
    private final Entries entries;
    private final boolean fromRest;
    private final ActiveVolume.Observer observer;
    private final Handler handler;

    private VolumeOpening(
            VolumeCopy copy,
            Entries entries,
            boolean fromRest,
            ActiveVolume.Observer observer,
            Handler handler) {
        this.copy = copy;
        this.entries = entries;
        this.fromRest = fromRest;
        this.observer = observer;
        this.handler = handler;
    }

    /// Opens `copy` with its log on disk; `observer` is told what becomes of the volume.
    public static void open(VolumeCopy copy, ActiveVolume.Observer observer, Handler handler) {
        new VolumeOpening(copy, copy.log()::replay, true, observer, handler).recoverStripes();
    }

    /// Opens `copy` in a takeover, with the entries that `entries` holds.
    public static void open(
            VolumeCopy copy, Entries entries, ActiveVolume.Observer observer, Handler handler) {
        new VolumeOpening(copy, entries, false, observer, handler).recoverStripes();
    }

    private void recoverStripes() {
        if (copy.state().sync() == CopyState.Sync.NO_IMAGE) {
            handler.refused("this copy holds no complete image");
            return;
        }
        String refusal = fromRest ? copy.logRefusal() : null;
        if (refusal != null) {
            handler.refused(refusal);
            return;
        }
        copy.space()
                .recover(
                        copy.root().cp(),
                        fault -> {
                            if (fault != null) {
                                handler.refused(fault.toString());
                            } else {
                                loadImage();
                            }
                        });
    }

    private void loadImage() {
        ImageLoader.load(
                copy.root(),
                copy.reader(),
                copy.pool(),
                new ImageLoader.Handler() {
                    @Override
                    public void loaded(StateFile state, SpaceMap map, DeadList dead) {
                        replay(new VolumeCore(copy, state, map, dead));
                    }

                    @Override
                    public void lost(String what) {
                        handler.refused("cannot read " + what + " from any disk");
                    }
                });
    }

    /// Entries up to the image's own position are in the image; those behind it are applied, in
    /// order.
    private void replay(VolumeCore core) {
        VolumeRoot root = copy.root();
        long floor = Math.max(root.cp().count() + 1, copy.state().logFloor());
        String[] broken = new String[1];
        entries.replay(
                floor,
                (half, entry) -> {
                    if (broken[0] == null) {
                        broken[0] = replayEntry(core, half, entry);
                    }
                },
                (verdict, last, highestHalf) -> replayed(core, verdict, highestHalf, broken[0]));
    }

    /// Takes an entry that a replay found; why it cannot go on, or null.
    static @Nullable String replayEntry(VolumeCore core, long half, LogEntry entry) {
        Position position = entry.position();
        if (position.sequence() <= core.copy.root().upTo().sequence()) {
            return null;
        }
        if (position.sequence() != core.sequence + 1) {
            return "the log goes from " + core.last + " to " + position + " with a gap";
        }
        core.sequence = position.sequence();
        core.last = position;
        core.half = half;
        core.replayed.add(ReplayedEntry.of(half, entry));
        long blocksBefore = core.filling.blocks();
        core.apply(entry);
        core.reserve(VolumeCore.worstCase(core.filling.blocks() - blocksBefore, LEVELS));
        if (SnapshotStep.endsHalf(entry)) {
            if (core.sealed != null) {
                return "the log holds two changes of snapshots that no image holds";
            }
            core.sealed = core.seal();
        }
        return null;
    }

    private void replayed(
            VolumeCore core, LogVerdict verdict, long highestHalf, @Nullable String broken) {
        if (!verdict.replays() || broken != null) {
            handler.refused(broken == null ? verdict.text() : broken);
            return;
        }
        core.half = Math.max(copy.root().cp().count(), highestHalf) + 1;
        core.mirrorLogUse.found(core.half - 1, copy.log().heldBytes());
        core.gate.local(core.sequence);
        handler.opened(new ActiveVolume(core, fromRest, observer));
    }
}
