package lockstep.blockstore.volume;

import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.cp.StateLoader;
import lockstep.blockstore.cp.VolumeRoot;
import lockstep.blockstore.log.LogEntry;

import org.jspecify.annotations.Nullable;

import java.util.ArrayList;
import java.util.List;

/// What a mirror knows of its source's LUNs: the state file of the image it holds, and the entries
/// `Put` behind it. Hosts that look at the mirror's paths are shown this; nothing is served from
/// it, and a takeover reads the image anew.
///
/// The file is read again with each image, because an image may bring what no entry said. While
/// that goes on the table before it stands.
final class MirrorLuns {
    private final VolumeCopy copy;
    private final MirrorLog log;
    private final Runnable changed;
    private @Nullable LunTable table;
    private @Nullable VolumeRoot loading;

    /// The LUNs of `copy`, whose log since its image is `log`; `changed` is called when they are
    /// others or have other attributes, or the volume has other values of its own.
    MirrorLuns(VolumeCopy copy, MirrorLog log, Runnable changed) {
        this.copy = copy;
        this.log = log;
        this.changed = changed;
    }

    /// The LUNs as of the newest entry, lowest number first; none without an image.
    List<LunState> list() {
        LunTable known = table;
        return known == null || !hasImage() ? List.of() : known.list();
    }

    /// The value of `key`, or null.
    byte @Nullable [] value(String key) {
        LunTable known = table;
        return known == null || !hasImage() ? null : known.values().get(key);
    }

    private boolean hasImage() {
        return copy.state().sync() != CopyState.Sync.NO_IMAGE;
    }

    /// An entry was stored.
    void stored(LogEntry entry) {
        LunTable known = table;
        if (entry instanceof LogEntry.Put put && known != null) {
            List<Object> before = shown();
            known.apply(put);
            tellIfNot(before);
        }
    }

    /// The image or the log behind it is another one: reads them.
    void reload() {
        VolumeRoot root = copy.root();
        if (loading != null) {
            return; // once more when that ends
        }
        loading = root;
        StateLoader.load(
                root,
                copy.reader(),
                new StateLoader.Handler() {
                    @Override
                    public void loaded(StateFile state) {
                        ended(root, state);
                    }

                    @Override
                    public void lost(String what) {
                        ended(root, null);
                    }
                });
    }

    /// A file that could not be read leaves what was known: its blocks may have been given to newer
    /// images while it was read slowly.
    private void ended(VolumeRoot read, @Nullable StateFile state) {
        loading = null;
        if (!read.cp().equals(copy.root().cp())) {
            reload();
            return;
        }
        if (state == null) {
            return;
        }
        List<Object> before = shown();
        LunTable next = new LunTable(state);
        log.forEach(
                entry -> {
                    if (entry instanceof LogEntry.Put put) {
                        next.apply(put);
                    }
                });
        table = next;
        tellIfNot(before);
    }

    private List<Object> shown() {
        List<Object> shown = new ArrayList<>();
        list().forEach(lun -> shown.add(lun.record()));
        LunTable known = table;
        if (known != null && hasImage()) {
            known.ownValues().forEach((key, value) -> shown.add(List.of(key, value)));
        }
        return shown;
    }

    private void tellIfNot(List<Object> before) {
        if (!before.equals(shown())) {
            changed.run();
        }
    }
}
