package lockstep.blockstore.volume;

import lockstep.blockstore.base.CpId;
import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.Snapshot;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/// What a mirror knows of its source's LUNs: the state file of the image it holds, and the entries
/// `Put` behind it. Hosts that look at the mirror's paths are shown this; nothing is served from
/// it, and a takeover reads the image anew.
///
/// The file is read again with each image, because an image may bring what no entry said. While
/// that goes on the table before it stands; without an image there is none.
final class MirrorLuns implements KeptSnapshots.Image {
    private final VolumeCopy copy;
    private final MirrorLog log;
    private final Runnable changed;
    private @Nullable LunTable table;
    private CpId tableOf = CpId.NONE;
    private boolean over;
    private final List<Runnable> waiting = new ArrayList<>();
    private boolean opening;
    private boolean hasImage;
    private boolean loading;
    private boolean loadAgain;

    /// The LUNs of `copy`, whose log since its image is `log`; `changed` is called when they or
    /// their snapshots are others or have other attributes, or the volume has other values of its
    /// own.
    MirrorLuns(VolumeCopy copy, MirrorLog log, Runnable changed) {
        this.copy = copy;
        this.log = log;
        this.changed = changed;
    }

    /// The LUNs as of the newest entry, lowest number first.
    List<LunState> list() {
        LunTable known = table;
        return known == null ? List.of() : known.list();
    }

    /// The snapshots, oldest first.
    List<Snapshot> snapshots() {
        LunTable known = table;
        return known == null ? List.of() : known.snapshots();
    }

    /// The value of `key`, or null.
    byte @Nullable [] value(String key) {
        LunTable known = table;
        return known == null ? null : known.values().get(key);
    }

    /// Reads the image while the mirror is being opened; `opened` is called when its LUNs are
    /// known, or cannot be.
    void open(Runnable opened) {
        opening = true;
        restarted();
        whenKnown(
                () -> {
                    opening = false;
                    opened.run();
                });
    }

    /// Calls `next` when nothing is being read.
    @Override
    public void whenKnown(Runnable next) {
        if (loading) {
            waiting.add(next);
        } else {
            next.run();
        }
    }

    boolean isKnown() {
        return table != null && !loading;
    }

    /// What a table says that is not of the committed image may have been written over.
    @Override
    public @Nullable Snapshot find(UUID identity) {
        LunTable known = table;
        boolean current = !over && !loading && tableOf.equals(copy.root().cp());
        Snapshot found = known == null || !current ? null : known.snapshot(identity);
        return found == null || !found.isCommitted() ? null : found;
    }

    @Override
    public boolean holds(UUID identity) {
        LunTable known = table;
        Snapshot found = known == null || over ? null : known.snapshot(identity);
        return found != null && found.isCommitted();
    }

    /// The copy is somebody else's from here on.
    void handOver() {
        over = true;
    }

    /// An entry was stored.
    void stored(LogEntry entry) {
        LunTable known = table;
        if (entry instanceof LogEntry.Put put && known != null) {
            List<Object> before = shown();
            known.apply(put, _ -> {});
            tellIfNot(before);
        }
    }

    /// The log begins anew. A copy that has no image any more knows no LUNs, until it has one: its
    /// state says so only when that is durable.
    void restarted() {
        if (copy.state().sync() == CopyState.Sync.NO_IMAGE) {
            become(null);
            hasImage = false;
        } else {
            imageCommitted();
        }
    }

    /// The image is another one: reads it.
    void imageCommitted() {
        hasImage = true;
        loadAgain = true;
        if (!loading) {
            load();
        }
    }

    private void load() {
        loading = true;
        loadAgain = false;
        VolumeRoot root = copy.root();
        StateLoader.load(
                root,
                copy.reader(),
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        ended(root, state);
                    }

                    // Its blocks may belong to a newer image by now. What was known stays.
                    @Override
                    public void lost(String what) {
                        ended(root, null);
                    }
                });
    }

    private void ended(VolumeRoot read, @Nullable StateFile state) {
        loading = false;
        if (loadAgain) {
            load();
        } else if (hasImage && state != null && read.cp().equals(copy.root().cp())) {
            LunTable next = new LunTable(state);
            log.forEach(
                    entry -> {
                        if (entry instanceof LogEntry.Put put) {
                            next.apply(put, _ -> {});
                        }
                    });
            tableOf = read.cp();
            become(next);
        }
        if (!loading) {
            List<Runnable> known = List.copyOf(waiting);
            waiting.clear();
            known.forEach(Runnable::run);
        }
    }

    private void become(@Nullable LunTable next) {
        List<Object> before = shown();
        table = next;
        tellIfNot(before);
    }

    private List<Object> shown() {
        List<Object> shown = new ArrayList<>();
        list().forEach(lun -> shown.add(lun.record()));
        snapshots().forEach(one -> shown.add(List.of(one.identity(), one.isCommitted())));
        LunTable known = table;
        if (known != null) {
            known.ownValues().forEach((key, value) -> shown.add(List.of(key, value)));
        }
        return shown;
    }

    // While the mirror is being opened nobody can look at it; its end tells everything.
    private void tellIfNot(List<Object> before) {
        if (!opening && !before.equals(shown())) {
            changed.run();
        }
    }
}
