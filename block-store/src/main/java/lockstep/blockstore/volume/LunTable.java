package lockstep.blockstore.volume;

import lockstep.blockstore.cp.LunState;
import lockstep.blockstore.cp.StateFile;
import lockstep.blockstore.log.LogEntry;
import lockstep.blockstore.tree.LunRecord;
import lockstep.blockstore.tree.TreeRoot;

import org.jspecify.annotations.Nullable;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;

/// The volume's state beyond blocks as of the newest log entry: its LUNs, and named values. It
/// changes only by entries `Put`, so it survives what the log survives; a key `lun/N` makes,
/// changes or deletes LUN N. A key `of/IDENTITY/NAME` belongs to the LUN of that identity and goes
/// with it.
///
/// A LUN's record as a value: | identity (16) | size (8) | name: UTF-8 |; an empty value deletes
/// the LUN.
final class LunTable {
    private static final String LUN_KEY = "lun/";
    private static final String OF_LUN = "of/";

    private final @Nullable LunState[] luns = new LunState[LunRecord.NUMBERS];
    private final TreeMap<String, byte[]> values = new TreeMap<>();
    private final List<TreeRoot> deleted = new ArrayList<>();

    LunTable(StateFile file) {
        for (LunState lun : file.luns()) {
            luns[lun.record().number()] = lun;
        }
        values.putAll(file.values());
    }

    @Nullable LunState find(int number) {
        return number >= 0 && number < LunRecord.NUMBERS ? luns[number] : null;
    }

    List<LunState> list() {
        List<LunState> present = new ArrayList<>();
        for (LunState lun : luns) {
            if (lun != null) {
                present.add(lun);
            }
        }
        return present;
    }

    SortedMap<String, byte[]> values() {
        return values;
    }

    /// The values that belong to the volume and to none of its LUNs.
    SortedMap<String, ByteBuffer> ownValues() {
        SortedMap<String, ByteBuffer> own = new TreeMap<>();
        values.forEach(
                (key, value) -> {
                    if (!key.startsWith(OF_LUN)) {
                        own.put(key, ByteBuffer.wrap(value));
                    }
                });
        return own;
    }

    /// The key that holds LUN `number`.
    static String keyOf(int number) {
        return LUN_KEY + number;
    }

    /// The key that holds `name` of the LUN of this identity.
    static String keyOf(UUID identity, String name) {
        return OF_LUN + identity + "/" + name;
    }

    /// The value that makes or changes a LUN.
    static ByteBuffer valueOf(LunRecord record) {
        byte[] name = record.name().getBytes(StandardCharsets.UTF_8);
        ByteBuffer out = ByteBuffer.allocate(24 + name.length);
        out.putLong(record.identity().getMostSignificantBits());
        out.putLong(record.identity().getLeastSignificantBits());
        return out.putLong(record.size()).put(name).flip();
    }

    /// Takes in `put`. Returns the number of a LUN that is another one now, or is no more; else -1.
    int apply(LogEntry.Put put) {
        if (!put.key().startsWith(LUN_KEY)) {
            applyValue(put);
            return -1;
        }
        int number = Integer.parseInt(put.key().substring(LUN_KEY.length()));
        LunState before = luns[number];
        ByteBuffer in = put.value().duplicate();
        if (!in.hasRemaining()) {
            delete(number);
            return before == null ? -1 : number;
        }
        UUID identity = new UUID(in.getLong(), in.getLong());
        long size = in.getLong();
        String name = StandardCharsets.UTF_8.decode(in).toString();
        LunRecord record = new LunRecord(number, name, identity, size);
        if (before != null && before.record().identity().equals(identity)) {
            luns[number] = before.with(record);
            return -1;
        }
        delete(number);
        luns[number] = LunState.empty(record);
        return before == null ? -1 : number;
    }

    /// Trees of deleted LUNs whose blocks a consistency point has to free; the caller takes them
    /// over.
    List<TreeRoot> takeDeleted() {
        List<TreeRoot> taken = List.copyOf(deleted);
        deleted.clear();
        return taken;
    }

    /// A consistency point has committed these LUNs; their trees are new, their attributes may be
    /// newer here. A LUN that was deleted meanwhile leaves its new tree to be freed.
    void committed(List<LunState> committed) {
        for (LunState after : committed) {
            int number = after.record().number();
            LunState now = luns[number];
            if (now != null && now.record().identity().equals(after.record().identity())) {
                luns[number] = new LunState(now.record(), after.root(), after.mappedBlocks());
            } else {
                replaceDeleted(after);
            }
        }
    }

    private void replaceDeleted(LunState after) {
        deleted.removeIf(root -> root.tree() == after.record().number());
        if (!after.root().top().isHole()) {
            deleted.add(after.root());
        }
    }

    private void delete(int number) {
        LunState gone = luns[number];
        if (gone == null) {
            return;
        }
        if (!gone.root().top().isHole()) {
            deleted.add(gone.root());
        }
        luns[number] = null;
        String its = keyOf(gone.record().identity(), "");
        values.keySet().removeIf(key -> key.startsWith(its));
    }

    /// A value of a LUN that is gone meanwhile would stay for ever.
    private boolean isOrphan(String key) {
        return key.startsWith(OF_LUN)
                && list().stream()
                        .noneMatch(lun -> key.startsWith(keyOf(lun.record().identity(), "")));
    }

    private void applyValue(LogEntry.Put put) {
        if (put.value().hasRemaining() && !isOrphan(put.key())) {
            byte[] bytes = new byte[put.value().remaining()];
            put.value().duplicate().get(bytes);
            values.put(put.key(), bytes);
        } else {
            values.remove(put.key());
        }
    }
}
